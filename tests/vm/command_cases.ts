import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { VmCase } from "./case.ts";
import {
  askProgram,
  FRESH,
  hasCdev,
  KNOWN,
  MBOCHS_SMALL,
  MDPY_VGA,
  MTTY_1,
  MTTY_2,
  MTTY_2_IDLE,
  runProgram,
  VFS,
  whyNotHere,
} from "./machine.ts";
import { startHolder } from "./holder.ts";

const MDEVS = [MTTY_1, MTTY_2, MTTY_2_IDLE, MDPY_VGA, MBOCHS_SMALL];
const PLAIN = [MDPY_VGA, MBOCHS_SMALL, ...VFS];
const FLAGS = ["stop-copy", "p2p", "pre-copy"];
const paths = (): ("group" | "cdev")[] => hasCdev() ? ["group", "cdev"] : ["group"];

// deno-lint-ignore no-explicit-any
type Json = any;

export const COMMAND_CASES: readonly VmCase[] = [
  {
    name: "devices lists every VFIO device with driver, group and migration",
    sample: true,
    async run() {
      const { devices, problems } = await askProgram(["devices", "--json", ...FRESH()]);
      assertEquals(devices.map(({ id }: Json) => id), [...MDEVS, ...VFS].sort());
      assertEquals(problems, []);
      const by = (id: string) => devices.find((device: Json) => device.id === id);
      assertEquals([by(MTTY_2).type, by(MTTY_2).parent, by(MTTY_2).driver.name], [
        "mtty-2",
        "mtty",
        "mtty",
      ]);
      assert(/^[0-9A-F]{20,}$/.test(by(MTTY_2).driver.srcversion));
      assertEquals(by(MTTY_2).migration.features, FLAGS);
      assertEquals([by(MTTY_2).migration.observed, by(MTTY_2_IDLE).migration.observed].sort(), [
        "inferred",
        "probed",
      ]);
      for (const id of PLAIN) assertEquals(by(id).migration.uapi, "none", id);
      for (const id of VFS) {
        assertEquals([by(id).kind, by(id).pci.function, by(id).parent, by(id).deviceApi], [
          "pci",
          "virtual",
          "0000:01:00.0",
          "vfio-pci",
        ]);
        assertEquals([by(id).pciConfig.vendor, by(id).pciConfig.device], ["8086", "10ca"]);
      }
      for (const { use, iommuGroup, nodes } of devices) {
        assertEquals(use.state, "idle");
        assertEquals(nodes.group, `/dev/vfio/${iommuGroup.id}`);
        assertEquals(nodes.cdev !== null, hasCdev());
      }
    },
  },
  {
    name: "types lists the types of every parent with their available instances",
    sample: true,
    async run() {
      const { types } = await askProgram(["types", "--json", ...KNOWN]);
      const free = Object.fromEntries(
        types.map(({ type, availableInstances }: Json) => [type, availableInstances]),
      );
      // mtty has 24 ports, and 5 are in use: one mtty-1 and two mtty-2.
      assertEquals([free["mtty-1"], free["mtty-2"]], [19, 9]);
      assertEquals([free["mdpy-vga"], free["mbochs-small"]], [3, 63]);
    },
  },
  {
    name: "probe reports mtty as migratable by every path, and the others as not, with the errno",
    sample: true,
    async run() {
      for (const path of paths()) {
        const { devices } = await askProgram(["probe", "--all", "--json", "--path", path]);
        for (const { device, outcome, capabilities } of devices) {
          assertEquals(outcome, "answered", device);
          assertEquals(capabilities.path, path);
          const { migration, features } = capabilities;
          if (PLAIN.includes(device)) {
            assertEquals([migration.uapi, migration.checks[0].errno], ["none", "ENOTTY"], device);
            continue;
          }
          assertEquals([migration.uapi, migration.features], ["v2", FLAGS]);
          assertEquals(migration.stopCopyBytes, device === MTTY_1 ? 60 : 96);
          assertEquals(capabilities.state, "running");
          const absent = features.filter(({ support }: Json) => support !== "present");
          assertEquals(absent.map(({ name }: Json) => name), ["MIG_PRECOPY_INFOv2"]);
        }
      }
    },
  },
  {
    name: "probe reports dirty tracking only if start, report and stop work",
    sample: true,
    async run() {
      const { devices: [{ capabilities }] } = await askProgram(["probe", "--json", MTTY_2]);
      const { device } = capabilities.dirtyTracking;
      // A kernel without IOMMUFD supports the probe of DMA_LOGGING, but its report fails.
      assertEquals(
        device,
        hasCdev()
          ? { result: "works", check: null }
          : { result: "cannot-report", check: { step: "DMA_LOGGING_REPORT", errno: "EOPNOTSUPP" } },
      );
      const { dirtyTracking, dmaLogging } = capabilities.migration;
      assertEquals([dirtyTracking, dmaLogging], [hasCdev() ? "device" : "none", device.result]);
    },
  },
  {
    name: "ask offers the idle mtty-2 and the type mtty-2, and refuses the rest with reasons",
    sample: true,
    async run() {
      const answer = await askProgram(
        ["ask", MTTY_2, "--json", "--refusals=each", ...KNOWN],
        hasCdev() ? 0 : 3,
      );
      assertEquals(
        answer.offers.map(({ configuration, evidence, availability }: Json) => [
          configuration.id ?? configuration.type,
          evidence,
          availability.now,
        ]),
        [[MTTY_2_IDLE, "vendor-rule", true], ["mtty-2", "vendor-rule", true]],
      );
      const refused = answer.refusals.map(({ configuration }: Json) =>
        configuration.id ?? configuration.type
      );
      for (const name of ["mtty-1", MTTY_1, MTTY_2, MDPY_VGA, MBOCHS_SMALL, "mdpy-vga", ...VFS]) {
        assert(refused.includes(name), name);
      }
      for (const { reasons } of answer.refusals) assert(reasons.length > 0 && reasons[0].sentence);
      assertEquals(
        answer.offers[0].warnings.map(({ code }: Json) => code),
        hasCdev() ? [] : ["DirtyTrackingFailsHere"],
      );
    },
  },
  {
    name: "knowledge: an operator's facts and rules with version ranges and sizes decide",
    async run() {
      const directory = Deno.makeTempDirSync({ prefix: "knowledge-" });
      const [rulesDirectory, factsDirectory] = [`${directory}/rules`, `${directory}/facts`];
      for (const path of [rulesDirectory, factsDirectory]) Deno.mkdirSync(path);
      const write = (path: string, document: Json) =>
        Deno.writeTextFileSync(`${path}/mtty.json`, JSON.stringify(document));
      const options = ["--json", "--facts", factsDirectory, "--rules", rulesDirectory, ...KNOWN];
      const require = [
        { fact: "rack", op: "equal" },
        { fact: "buffer", op: "atLeast", value: "4 MiB" },
        { fact: "host.kernel", op: "version", range: ">5.18 <100" },
      ];
      const target = { verdict: "compatible", sentence: "the operator says so", require };
      write(rulesDirectory, {
        schema: "vfio-ask/rules/v1",
        vendor: "operator",
        rules: [{ name: "racks", for: { driver: "mtty" }, targets: [target] }],
      });
      const codes = async (code: number) => {
        const { offers, refusals } = await askProgram([
          "ask",
          MTTY_2,
          "--refusals=each",
          ...options,
        ], code);
        const own = [...offers, ...refusals].filter(({ rule }: Json) => rule?.name === "racks");
        return own.flatMap(({ reasons }: Json) => reasons.map(({ code }: Json) => code)).sort();
      };
      assert((await codes(3)).includes("FactMissing"), "rack and buffer are not declared");
      const facts = (buffer: string) => [{ for: { driver: "mtty" }, set: { rack: "r1", buffer } }];
      write(factsDirectory, { schema: "vfio-ask/facts/v1", facts: facts("8 MiB") });
      assert((await codes(hasCdev() ? 0 : 3)).includes("RuleAccepts"));
      write(factsDirectory, { schema: "vfio-ask/facts/v1", facts: facts("2 MiB") });
      assert((await codes(1)).includes("FactTooSmall"));
      Deno.removeSync(directory, { recursive: true });
    },
  },
  {
    name: "knowledge: invalid rules in a snapshot are ignored and reported",
    async run() {
      const { stdout } = await runProgram(["snapshot", ...KNOWN]);
      const { stdout: source } = await runProgram(["identity", MTTY_2, ...KNOWN]);
      const host = JSON.parse(stdout);
      host.host.bootId = "another";
      const bad = structuredClone(host.rules[0]);
      bad.document.rules[0].targets[0].require = [{ fact: "rack", op: "in" }];
      host.rules.unshift({ ...bad, name: "00-bad.json" });
      const path = Deno.makeTempFileSync({ suffix: ".json" });
      Deno.writeTextFileSync(path, JSON.stringify(host));
      const words = ["ask", "--snapshot", path, "--order=available", "--json", "--details", "-"];
      const asked = await runProgram(words, { stdin: source });
      assertStringIncludes(asked.stderr, "/require/0/values: in needs values");
      const { offers } = JSON.parse(asked.stdout).hosts[0].answer;
      assertEquals(Object.keys(offers[0].order).slice(0, 2), ["verdict", "now"]);
      Deno.removeSync(path);
    },
  },
  {
    name: "ask reads an identity from standard input, and refuses a source that cannot migrate",
    async run() {
      const { code, stdout } = await runProgram(["identity", MTTY_1, ...KNOWN]);
      assertEquals(code, 0);
      const answer = await runProgram(["ask", "-", ...KNOWN], { stdin: stdout });
      assertEquals(answer.code, hasCdev() ? 0 : 3);
      assertStringIncludes(answer.stdout, "new mtty-1 on mtty");
      const none = await runProgram(["ask", MDPY_VGA, ...KNOWN]);
      assertEquals(none.code, 1);
      assertStringIncludes(none.stdout, "kernel answered ENOTTY");
    },
  },
  ...(["group", "cdev"] as const).map((path): VmCase => ({
    name: `a device held by its ${path} is in use by its holder, who notices nothing`,
    sample: true,
    skip: () => whyNotHere(path),
    async run() {
      const holder = await startHolder(MTTY_2, path);
      const { devices } = await askProgram(["devices", "--json", "--probe", "each", ...FRESH()]);
      const use = devices.find(({ id }: Json) => id === MTTY_2).use;
      const probed = await askProgram(["probe", "--json", MTTY_2], 4);
      const answer = await askProgram(["ask", MTTY_1, "--json", ...KNOWN], hasCdev() ? 0 : 3);
      assertEquals(await holder.release(), "changes 0");
      assertEquals([use.state, use.holder.pid], ["in-use", holder.pid]);
      assertEquals([probed.devices[0].outcome, probed.devices[0].holder.pid], [
        "in-use",
        holder.pid,
      ]);
      assertEquals(answer.offers.length, 1);
    },
  })),
  {
    name: "the program needs no environment, HOME or terminal",
    sample: true,
    async run() {
      const { code, stdout } = await runProgram(["version"]);
      assertEquals(code, 0);
      assertStringIncludes(stdout, "vfio-ask ");
    },
  },
  {
    name: "the stack of an unexpected error names functions",
    async run() {
      const env = { TMPDIR: "/nowhere" };
      const { code, stderr } = await runProgram(["devices", "--simulate", "mixed"], { env });
      assertEquals(code, 4);
      for (const name of ["openWorld", "runCommandLine", "main"]) {
        assert(new RegExp(`^    at (async )?${name} \\(`, "m").test(stderr), stderr);
      }
    },
  },
];
