/** The model on a real kernel: rules, offline answers, several sources, and `doctor`. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseSnapshot } from "../../src/documents/mod.ts";
import type { VmCase } from "./case.ts";
import {
  askProgram,
  KNOWN,
  makeMdev,
  MDPY_VGA,
  MIGRATING_QEMU,
  MTTY_1,
  MTTY_2,
  MTTY_2_IDLE,
  removeMdev,
  runProgram,
  sleep,
  VFS,
} from "./machine.ts";
import { call, startServer, waitForMigration } from "./server.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const RULES = "/etc/vfio-ask/rules.d";

/** Writes a document to a temporary file. */
function inFile(document: unknown): string {
  const path = Deno.makeTempFileSync({ suffix: ".json" });
  Deno.writeTextFileSync(path, JSON.stringify(document));
  return path;
}

/** A source with another boot ID, so that every device here can be its target. */
async function sourceLike(device: string, id: string): Promise<Json> {
  const identity = await askProgram(["identity", device, ...MIGRATING_QEMU, ...KNOWN]);
  return { ...identity, id, host: { ...identity.host, name: "hv-17", bootId: "another" } };
}

/** Runs a test with a rules file installed. */
async function withRules(name: string, text: string, test: () => Promise<void>): Promise<void> {
  Deno.mkdirSync(RULES, { recursive: true });
  Deno.writeTextFileSync(`${RULES}/${name}`, text);
  try {
    await test();
  } finally {
    Deno.removeSync(`${RULES}/${name}`);
  }
}

const KEPT_BACK = JSON.stringify({
  schema: "vfio-ask/rules/v1",
  vendor: "operator",
  rules: [{
    name: "type 2 is kept back",
    for: { driver: "mtty", type: "mtty-2" },
    targets: [{
      configuration: "mdev-type",
      verdict: "incompatible",
      code: "KeptBack",
      sentence: "no new devices of this type while we test",
    }],
  }],
});

/** The kernel's number of available instances of a type. */
function free(type: string): number {
  const path = `/sys/class/mdev_bus/mtty/mdev_supported_types/${type}/available_instances`;
  return Number(Deno.readTextFileSync(path));
}

/** Whether the kernel can create all of these together. Removes them afterwards. */
function kernelTakes(types: readonly string[]): boolean {
  const made: string[] = [];
  try {
    for (const type of types) made.push(makeMdev(type));
    return true;
  } catch {
    return false;
  } finally {
    for (const id of made) removeMdev(id);
  }
}

export const MODEL_CASES: readonly VmCase[] = [
  {
    name: "model: a snapshot in a file gives the same answer as the host",
    async run() {
      const state = KNOWN;
      const host = inFile(await askProgram(["snapshot", ...state]));
      const source = inFile(await sourceLike(MTTY_2, "source"));
      const live = await askProgram(["ask", "--json", source, ...state]);
      const there = ["--snapshot", host, "--details"];
      const { hosts: [entry] } = await askProgram(["ask", "--json", ...there, source]);
      const offline = entry.answer;
      assertEquals([live.preflight, offline.preflight], ["not-asked", "offline"]);
      for (const part of ["offers", "refused", "refusals", "reasons", "omitted", "source"]) {
        assertEquals(offline[part], live[part], part);
      }
      assertEquals(offline.offers.map(({ evidence }: Json) => evidence), [
        "vendor-rule",
        "vendor-rule",
        "vendor-rule",
      ]);
      assertEquals(offline.offers[0].rule.file, "mtty.json");
    },
  },
  {
    name: "model: supported lists what the host can accept, without a source",
    async run() {
      const { supported } = await askProgram(["supported", "--json", ...KNOWN]);
      const by = (type: string) => supported.find((entry: Json) => entry.type === type);
      assertEquals([by("mtty-1").verdict, by("mtty-2").verdict], ["compatible", "compatible"]);
      assertEquals(by("mtty-2").instances, free("mtty-2") + 2);
      assertEquals(by("mdpy-vga"), undefined);
    },
  },
  {
    name: "model: a running server loads an operator's rules, and refuses an invalid file",
    async run() {
      // Before the server starts, because its child opens devices to probe them.
      const source = await sourceLike(MTTY_2, "source");
      await using server = await startServer(
        "--settle",
        "0",
        "--refresh",
        "0.2",
        ...KNOWN.slice(2),
      );
      const { url } = server;
      const ask = async () =>
        (await call(`${url}/v1/ask?refusals=each`, { method: "POST", body: source })).json();
      const kinds = (offers: Json[]) => offers.map(({ configuration }) => configuration.kind);
      assertEquals(kinds((await ask()).offers).includes("mdev-type"), true);
      await withRules("00-local.json", KEPT_BACK, async () => {
        await sleep(700);
        const { offers, refusals } = await ask();
        assertEquals(kinds(offers).includes("mdev-type"), false);
        const refused = refusals.find(({ configuration: { type, kind } }: Json) =>
          kind === "mdev-type" && type === "mtty-2"
        );
        assertEquals([refused.evidence, refused.reasons[0].code, refused.rule.file], [
          "vendor-rule",
          "KeptBack",
          "00-local.json",
        ]);
        assertEquals((await runProgram(["rules", "check", `${RULES}/00-local.json`])).code, 0);
      });
      await withRules("00-local.json", KEPT_BACK.replace("incompatible", "no"), async () => {
        await sleep(700);
        assertEquals(kinds((await ask()).offers).includes("mdev-type"), true);
        const { files } = (await call(`${url}/v1/rules`)).json();
        const refused = files.find(({ state }: Json) => state === "refused");
        assertEquals([refused.name, refused.errors[0].path], [
          "00-local.json",
          "/rules/0/targets/0/verdict",
        ]);
        const { text } = await call(`${url}/metrics`);
        assertStringIncludes(text, 'vfio_ask_rules_files{state="refused"} 1\n');
        const checked = await runProgram(["rules", "check", `${RULES}/00-local.json`]);
        assertEquals(checked.code, 1);
        const { problems } = (await call(`${url}/v1/snapshot`)).json();
        assertEquals(problems.map(({ code }: Json) => code), ["rules-refused"]);
      });
      assertEquals(await server.stop(), 0);
    },
  },
  {
    name: "model: a plan for several sources matches the capacity of the kernel",
    async run() {
      const one = await sourceLike(MTTY_1, "one");
      const two = await sourceLike(MTTY_2, "two");
      await using server = await startServer("--settle", "0", ...KNOWN.slice(2));
      const made: string[] = [];
      // The idle mdevs would be offered to the sources too.
      const idle = [MTTY_1, MTTY_2, MTTY_2_IDLE];
      const types = idle.map((id) => id === MTTY_1 ? "mtty-1" : "mtty-2");
      // The properties of the types are inferred from them.
      for (const id of idle) await waitForMigration(server.url, id);
      for (const id of idle) removeMdev(id);
      try {
        // Leaves three ports, which the types share: one mtty-1 and one mtty-2 fit, two mtty-2 do not.
        while (free("mtty-1") > 3) made.push(makeMdev("mtty-1"));
        await sleep(700);
        // The mdevs that fill the ports are idle mtty-1 devices, so that only mtty-2 must be created: use mtty-2 twice.
        const ask = async (sources: Json[]) =>
          (await call(`${server.url}/v1/ask`, { method: "POST", body: { sources } })).json()
            .together;
        const twice = await ask([two, { ...two, id: "three" }]);
        assertEquals(free("mtty-2"), 1);
        assertEquals(kernelTakes(["mtty-2", "mtty-2"]), false);
        assertEquals([twice.plans.map(({ now }: Json) => now).includes(true)], [false]);
        assertEquals(kernelTakes(["mtty-2"]), true);
        const both = await ask([two, one]);
        assertEquals(both.verdict, "compatible");
        const places = both.plans[0].placements.map(({ source, configuration }: Json) => [
          source,
          configuration.kind === "device" ? configuration.id : configuration.type,
        ]);
        // mtty-1 has idle devices, mtty-2 must be created.
        assertEquals(places[1], ["two", "mtty-2"]);
        assert(made.includes(places[0][1]));
        assertEquals(both.plans[0].now, true);
      } finally {
        for (const id of made) removeMdev(id);
        for (const [index, id] of idle.entries()) {
          const path = `/sys/class/mdev_bus/mtty/mdev_supported_types/${types[index]}/create`;
          Deno.writeTextFileSync(path, id);
        }
      }
      assertEquals(await server.stop(), 0);
    },
  },
  {
    name: "model: plans for types that share a resource match what the kernel can create",
    async run() {
      const sources = [await sourceLike(MTTY_1, "one"), await sourceLike(MTTY_2, "two")];
      const filler: string[] = [];
      const combinations = [[1, 1], [0, 2], [2, 1]] as const;
      const directory = Deno.makeTempDirSync({ prefix: "hosts-" });
      const taken = new Map<string, boolean>();
      try {
        for (const ports of [4, 3, 2]) {
          while (free("mtty-1") > ports) filler.push(makeMdev("mtty-1"));
          const never = await askProgram(["snapshot", ...KNOWN, "--probe", "never"]);
          const snapshot = parseSnapshot(never);
          // Without devices, a target must be created for every source. The types keep the earlier probe results.
          const { migration, pciConfig } = sources[0];
          const types = snapshot.types.map((type) => ({ ...type, migration, pciConfig }));
          const file = `${directory}/${ports}.json`;
          Deno.writeTextFileSync(file, JSON.stringify({ ...snapshot, devices: [], types }));
          for (const [ones, twos] of combinations) {
            const wanted = [...Array(ones).fill("mtty-1"), ...Array(twos).fill("mtty-2")];
            taken.set(`${file} ${ones} ${twos}`, kernelTakes(wanted));
          }
        }
      } finally {
        for (const id of filler) removeMdev(id);
      }
      const { pciConfig } = sources[0];
      for (const [ones, twos] of combinations) {
        const wanted = [
          ...Array.from({ length: ones }, (_, i) => ({ ...sources[0], id: `one-${i}` })),
          ...Array.from({ length: twos }, (_, i) => ({ ...sources[1], id: `two-${i}` })),
        ].map((source) => inFile({ ...source, pciConfig }));
        const args = ["ask", "--json", "--details", "--snapshot", directory, ...wanted];
        const { hosts } = JSON.parse((await runProgram(args)).stdout);
        assertEquals(hosts.length, 3);
        for (const { file, answer: { together: { verdict, plans } } } of hosts) {
          const says = plans[0]?.now ? verdict : "not now";
          const takes = taken.get(`${file} ${ones} ${twos}`);
          const told = `${ones} of type 1 and ${twos} of type 2 on ${file}: ${says}`;
          assert(takes !== undefined, told);
          // An unknown verdict allows both results.
          if (says === "compatible") assert(takes, told);
          if (says === "not now") assert(!takes, told);
        }
      }
    },
  },
  {
    name: "model: doctor lists which devices can migrate, why others cannot, and remedies",
    sample: true,
    async run() {
      const { devices, findings } = await askProgram(["doctor", "--json", ...KNOWN], 1);
      const by = (id: string) => devices.find((device: Json) => device.id === id);
      assertEquals([MTTY_1, MTTY_2_IDLE].map((id) => by(id).canMigrate), ["yes", "yes"]);
      for (const id of [MDPY_VGA, ...VFS]) {
        assertEquals(by(id).canMigrate, "no", id);
        assert(by(id).findings.every(({ remedy }: Json) => remedy !== null), id);
        assertEquals(
          by(id).findings.some(({ check }: Json) => check?.errno === "ENOTTY"),
          true,
          id,
        );
      }
      assert(Array.isArray(findings));
      const healthy = await runProgram(["doctor", MTTY_2_IDLE, ...KNOWN]);
      assertEquals(healthy.code, 0, healthy.stdout);
      const unknown = await runProgram(["doctor", "0000:ff:00.0", ...KNOWN]);
      assertEquals(unknown.code, 2);
    },
  },
  {
    name: "model: declared facts are read from this kernel",
    sample: true,
    async run() {
      const { host, devices, types } = parseSnapshot(await askProgram(["snapshot", ...KNOWN]));
      const device = (id: string) => devices.find((found) => found.id === id)!;
      assertEquals(device(MTTY_2).facts.typeName, "Dual port serial");
      assertEquals(device(VFS[0]!).facts.parentDevice, "8086:10c9");
      assertEquals(
        types.find(({ type }) => type === "mtty-1")!.facts.typeName,
        "Single port serial",
      );
      assertEquals([host.facts?.iommu, host.facts?.architecture], ["intel", Deno.build.arch]);
    },
  },
];
