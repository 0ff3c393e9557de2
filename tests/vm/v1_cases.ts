import { assert, assertEquals } from "@std/assert";
import type { VmCase } from "./case.ts";
import { startHolder } from "./holder.ts";
import {
  askProgram,
  isThere,
  makeMdev,
  MTTY_2,
  removeMdev,
  runProgram,
  sleep,
  until,
} from "./machine.ts";
import { call, startServer, withTests } from "./server.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const STATE = "/tmp/v1-state";
const OPTIONS = ["--settle", "0", "--state", STATE];
const PARAMETERS = "/sys/module/askv1/parameters";
const TYPES = ["a1", "a2", "b1", "c1"] as const;

/** Whether a type accepts a source. Like the driver, it accepts its own and earlier generations of its family. */
const accepts = (source: string, target: string) =>
  source[0] === target[0] && source[1]! <= target[1]!;

/** Runs a case with these driver parameters. */
async function withFaults(faults: Record<string, string>, run: () => Promise<void>): Promise<void> {
  const set = (name: string, value: string) =>
    Deno.writeTextFileSync(`${PARAMETERS}/${name}`, value);
  const before = Object.keys(faults).map((name) =>
    [name, Deno.readTextFileSync(`${PARAMETERS}/${name}`).trim()] as const
  );
  for (const [name, value] of Object.entries(faults)) set(name, value);
  try {
    await run();
  } finally {
    for (const [name, value] of before) set(name, value === "" ? "\n" : value);
  }
}

/** Reloads the driver with parameters. */
async function reload(...parameters: string[]): Promise<void> {
  for (const [command, ...args] of [["rmmod", "askv1"], ["modprobe", "askv1", ...parameters]]) {
    const { code, stderr } = await new Deno.Command(command!, { args }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
  }
}

const devices = new Map<string, string>();

/** An idle mdev of a type, created once for all cases. */
function deviceOf(type: string): string {
  const made = devices.get(type) ?? makeMdev(`askv1-${type}`, "askv1");
  devices.set(type, made);
  return made;
}

const sources = new Map<string, Promise<Json>>();

/** The identity of a device with its initial data, as if the device were on another host. Read once for all cases. */
function sourceOf(type: string): Promise<Json> {
  const known = sources.get(type) ?? readSource(type);
  sources.set(type, known);
  return known;
}

async function readSource(type: string): Promise<Json> {
  const args = ["identity", deviceOf(type), "--initial-data", ...OPTIONS];
  const { host, ...rest } = await askProgram(args);
  return { ...rest, host: { ...host, bootId: "another" } };
}

async function preflight(source: Json, target: string, ...options: string[]): Promise<Json> {
  const args = ["preflight", "-", target, "--json", ...OPTIONS, ...options];
  const { code, stdout, stderr } = await runProgram(args, { stdin: JSON.stringify(source) });
  return { code, stderr, ...(stdout === "" ? {} : JSON.parse(stdout)) };
}

/** A state directory with probe results, but without test controls. */
function uncontrolled(): string {
  const state = Deno.makeTempDirSync({ prefix: "v1-controls-" });
  for (const file of ["observations.json", "software.json"]) {
    if (isThere(`${STATE}/${file}`)) Deno.copyFileSync(`${STATE}/${file}`, `${state}/${file}`);
  }
  return state;
}

/** The driver's result in an answer. */
function driverIn(answer: Json) {
  const { verdict, reasons: [{ code, check }], test } = answer.tests.at(-1);
  return { code, verdict, check, test, answer };
}

/** The driver's result in a test with new controls. */
async function driverSays(source: Json, target: string, ...options: string[]): Promise<Json> {
  const state = uncontrolled();
  try {
    return driverIn(await preflight(source, target, "--state", state, ...options));
  } finally {
    Deno.removeSync(state, { recursive: true });
  }
}

const stateOf = async (id: string) => {
  const { devices: [{ capabilities, outcome }] } = await askProgram(["probe", "--json", id]);
  assertEquals(outcome, "answered");
  return capabilities;
};

export const V1_CASES: readonly VmCase[] = [
  {
    name:
      "a v1 device shows its migration region, its state and mappable areas in the same document",
    sample: true,
    async run() {
      const capabilities = await stateOf(deviceOf("a1"));
      const { migration, v1Region, state, regions, features } = capabilities;
      assertEquals([migration.uapi, v1Region, state], ["v1", 9, "running"]);
      const chain = regions[9].capabilities;
      const type = chain.find(({ name }: Json) => name === "type");
      assertEquals([type.type, type.subtype], [3, 1]);
      assert(chain.some(({ name, areas }: Json) => name === "sparse-mmap" && areas.length === 1));
      assert(features.every(({ support }: Json) => support === "absent"));
    },
  },
  {
    name: "every pair of v1 types gets the driver's verdict, by errno or by the error state",
    async run() {
      // Before the server starts, because it probes new devices.
      for (const type of TYPES) await sourceOf(type);
      await withTests(OPTIONS, async (test) => {
        for (const one of TYPES) {
          const source = { ...await sourceOf(one), version: null };
          assertEquals(source.initialData.bytes, 32);
          for (const two of TYPES) {
            const { verdict, reasons } = await test(source, deviceOf(two));
            assertEquals([one, two, verdict], [
              one,
              two,
              accepts(one, two) ? "compatible" : "incompatible",
            ]);
            if (accepts(one, two)) continue;
            const { check, code } = reasons[0];
            assertEquals([code, check], [
              "DriverRefused",
              two[0] === "b"
                ? { step: "device_state after data_size", errno: null }
                : { step: "data_size", errno: "EINVAL" },
            ]);
          }
        }
        const { devices } = await askProgram(["probe", "--json", ...TYPES.map(deviceOf)]);
        assertEquals(devices.length, TYPES.length);
        for (const { device, capabilities: { state, problems } } of devices) {
          assertEquals([device, state, problems], [device, "running", []]);
        }
      });
    },
  },
  {
    name: "short and empty data proves nothing with a v1 driver",
    async run() {
      const source = { ...await sourceOf("a1"), version: null };
      for (const bytes of [31, 0]) {
        const data = Uint8Array.fromBase64(source.initialData.base64).slice(0, bytes);
        const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();
        const initialData = { ...source.initialData, base64: data.toBase64(), bytes, sha256 };
        const { verdict } = await preflight({ ...source, initialData }, deviceOf("a1"));
        assertEquals([bytes, verdict], [bytes, "unknown"]);
      }
    },
  },
  {
    name: "the version attribute gives the driver's verdict for every pair of types",
    run: () =>
      withTests(OPTIONS, async (test) => {
        for (const one of TYPES) {
          const { initialData: _, ...plain } = await sourceOf(one);
          const source = { ...plain, initialData: null };
          assertEquals([one, source.version === null], [one, one === "c1"]);
          for (const two of TYPES) {
            const { verdict, evidence, reasons } = await test(source, deviceOf(two));
            if (one === "c1" || two === "c1") {
              // Without a version, only the type is known: other types are refused, the same type is unknown.
              const said = one === two ? "unknown" : "incompatible";
              assertEquals([one, two, verdict, evidence], [one, two, said, null]);
              continue;
            }
            const yes = accepts(one, two);
            assertEquals([one, two, verdict, evidence], [
              one,
              two,
              yes ? "compatible" : "incompatible",
              "attribute-tested",
            ]);
            assertEquals(reasons[0].check.errno, yes ? null : "EINVAL");
            assert(!/\p{Cc}/u.test(reasons[0].sentence), "shown escaped");
          }
        }
      }),
  },
  {
    name: "a device whose version cannot be read cannot migrate",
    run: () =>
      withFaults({ fail_step: "read_version", fail_errno: "19" }, async () => {
        const { code, stdout } = await runProgram(["ask", deviceOf("a1"), ...OPTIONS]);
        assertEquals(code, 1);
        assert(stdout.includes("ENODEV"), stdout);
      }),
  },
  {
    name: "ask --preflight offers a newer type whose driver accepts the data of the older type",
    async run() {
      for (const type of TYPES) deviceOf(type);
      const source = await sourceOf("a1");
      const args = ["ask", "-", "--preflight", "--json", "--refusals=each", ...OPTIONS];
      const { stdout } = await runProgram(args, { stdin: JSON.stringify(source) });
      const { offers, refusals } = JSON.parse(stdout);
      const found = offers.find(({ configuration }: Json) => configuration.id === deviceOf("a2"));
      assertEquals(found?.evidence, "driver-tested");
      assert(found.warnings.some(({ code }: Json) => code === "TypeDiffers"));
      assert(refusals.some(({ configuration }: Json) => configuration.id === deviceOf("b1")));
    },
  },
  {
    name: "a driver that fails at a step gives no verdict, and the device recovers",
    async run() {
      const source = { ...await sourceOf("a1"), version: null };
      const id = deviceOf("a2");
      await withTests(["--settle", "0", "--state", uncontrolled()], async (test) => {
        for (const fail_step of ["saving", "pending", "offset", "resuming", "data", "size"]) {
          await withFaults({ fail_step, fail_errno: "5" }, async () => {
            const { code, verdict, check } = driverIn(await test(source, id));
            assertEquals([fail_step, check.errno], [fail_step, "EIO"]);
            // If a driver refuses its device's own data with the same errno, its refusal of the source proves nothing.
            const unsound = ["data", "size"].includes(fail_step);
            assertEquals([code, verdict], [unsound ? "TestUnsound" : "TestFailed", "unknown"]);
          });
          const { state, problems } = await stateOf(id);
          assertEquals([fail_step, state, problems], [fail_step, "running", []]);
        }
      });
    },
  },
  ...([
    // Family a refuses by errno, family b by the error state.
    ["nothing", "a1", "a2", "DriverDoesNotLook"],
    ["magic", "b1", "b2", "DriverDoesNotLook"],
    ["refuse", "a1", "a2", "TestUnsound"],
    ["refuse", "b1", "b2", "TestUnsound"],
  ] as const).map(([judge, one, two, expected]): VmCase => ({
    name: `a driver that judges ${one} by ${judge} proves nothing: ${expected}`,
    async run() {
      const source = { ...await sourceOf(one), version: null };
      await withFaults({ judge }, async () => {
        const { code, verdict, answer } = await driverSays(source, deviceOf(two));
        assertEquals([code, verdict, answer.code], [expected, "unknown", 1]);
        // The type differs, and no test overrides that.
        assertEquals(answer.verdict, "incompatible");
        const same = await driverSays(source, deviceOf(one));
        assertEquals([same.code, same.answer.verdict, same.answer.code], [expected, "unknown", 3]);
      });
      const after = await driverSays(source, deviceOf(two));
      assertEquals([after.code, after.answer.verdict], ["DriverAccepted", "compatible"]);
    },
  })),
  ...([
    ["ENOMEM", "12", "1", "data", "a2"],
    ["ENOMEM", "12", "1", "size", "b1"],
    ["EAGAIN", "11", "1", "size", "a2"],
    ["EBUSY", "16", "1", "data", "b1"],
    ["EINTR", "4", "3", "data", "a2"],
    ["EINTR", "4", "3", "size", "b1"],
  ] as const).map(([name, fail_errno, fail_times, fail_step, two]): VmCase => ({
    name:
      `a write at ${fail_step} that fails ${fail_times} times with ${name} is retried, and is no verdict`,
    async run() {
      const source = { ...await sourceOf("a1"), version: null };
      await withFaults({ fail_errno, fail_times, fail_step }, async () => {
        const said = await driverSays(source, deviceOf(two));
        const verdict = two === "a2" ? "compatible" : "incompatible";
        assertEquals([said.verdict, said.test.own.is], [verdict, "taken"]);
        assertEquals(Deno.readTextFileSync(`${PARAMETERS}/fail_times`).trim(), "0");
      });
    },
  })),
  {
    name: "without a rule, a driver's verdict counts only with controls, made once per load",
    async run() {
      const source = { ...await sourceOf("a1"), version: null };
      const off = await driverSays(source, deviceOf("a2"), "--preflight-controls=off");
      assertEquals([off.code, off.verdict], ["NotControlled", "unknown"]);
      const state = Deno.makeTempDirSync({ prefix: "v1-controls-" });
      const controlled = async (...options: string[]) => {
        const { tests: [{ verdict, test }] } = await preflight(
          source,
          deviceOf("a2"),
          "--state",
          state,
          ...options,
        );
        return [verdict, test.controls];
      };
      assertEquals(await controlled(), ["compatible", "made"]);
      assertEquals(await controlled(), ["compatible", "remembered"]);
      assertEquals(await controlled("--preflight-controls=off"), ["compatible", "remembered"]);
      // Remembered controls do not rule out a lack of memory now: the device's own data is written again.
      await withFaults({ fail_step: "size", fail_errno: "12" }, async () => {
        assertEquals(await controlled(), ["unknown", "remembered"]);
      });
      Deno.removeSync(state, { recursive: true });
    },
  },
  {
    name: "a device without a version attribute uses that of its type, and both are tested with it",
    async run() {
      for (const id of devices.values()) removeMdev(id);
      devices.clear();
      await reload("attribute=type");
      try {
        const id = deviceOf("a1");
        assert(!isThere(`/sys/bus/mdev/devices/${id}/migration_version`));
        const source = { ...await readSource("a1"), initialData: null };
        assert(source.version?.startsWith("askv1-a1"), JSON.stringify(source.version));
        const { verdict, evidence, reasons } = await preflight(source, deviceOf("a2"));
        assertEquals([verdict, evidence], ["compatible", "attribute-tested"]);
        assertEquals(reasons[0].code, "VersionAccepted");
        const ask = [
          "ask",
          "-",
          "--preflight",
          "--preflight-create",
          "--json",
          "--refusals=each",
          ...OPTIONS,
        ];
        const { stdout } = await runProgram(ask, { stdin: JSON.stringify(source) });
        const { offers, refusals } = JSON.parse(stdout);
        assertEquals(
          offers.map(({ configuration, evidence }: Json) => [
            configuration.kind,
            configuration.type,
            evidence,
          ]).sort(),
          ["device", "mdev-type"].flatMap((kind) =>
            ["askv1-a1", "askv1-a2"].map((type) => [kind, type, "attribute-tested"])
          ),
        );
        const refused = refusals.find(({ configuration }: Json) =>
          configuration.type === "askv1-b1"
        );
        assertEquals(refused.evidence, "attribute-tested");
      } finally {
        for (const id of devices.values()) removeMdev(id);
        devices.clear();
        await reload("attribute=migration_version");
      }
    },
  },
  {
    name: "a device that refuses its reset is reported and not offered",
    async run() {
      const source = { ...await sourceOf("a1"), version: null };
      const id = deviceOf("a2");
      await withFaults({ refuse_reset: "1", keep_state: "1" }, async () => {
        const { code, stderr } = await preflight(source, id);
        assertEquals(code, 4);
        assert(/needs|VFIO_DEVICE_RESET/.test(stderr), stderr);
        // No rule compares these devices: the other offers are unknown.
        const answer = await askProgram([
          "ask",
          deviceOf("a1"),
          "--json",
          "--refusals=each",
          ...OPTIONS,
        ], 3);
        const refusal = answer.refusals.find(({ configuration }: Json) => configuration.id === id);
        assert(refusal.reasons.some(({ code }: Json) => code === "NeedsReset"));
      });
      await using server = await startServer(...OPTIONS);
      const { devices } = (await call(`${server.url}/v1/devices`)).json();
      assertEquals(devices.filter(({ trouble }: Json) => trouble).length, 0);
      await server.stop();
      assertEquals((await stateOf(id)).state, "running");
    },
  },
  {
    name: "the server answers while a preflight hangs in the kernel, and reports the device stuck",
    async run() {
      const source = { ...await sourceOf("a1"), version: null };
      const target = { device: deviceOf("a2") };
      await using server = await startServer(...OPTIONS, "--deadline", "8");
      await withFaults({ hang_step: "size", hang_ms: "25000" }, async () => {
        const hanging = call(`${server.url}/v1/test`, { method: "POST", body: { source, target } });
        let done = false;
        hanging.finally(() => done = true);
        const journalled = () => isThere(`${STATE}/journal/${target.device}.json`);
        await until("the device is being tested", () => done || journalled());
        const took: number[] = [];
        while (!done && took.length < 20) {
          const started = performance.now();
          assertEquals((await call(`${server.url}/v1/devices`)).status, 200);
          if (!done) took.push(performance.now() - started);
          await sleep(20);
        }
        assert(took.length > 0, `no request was answered during the hang: ${(await hanging).text}`);
        took.sort((a, b) => a - b);
        console.log(
          `GET /v1/devices while a preflight hangs, ${took.length} times: ${
            took[took.length >> 1]!.toFixed(1)
          } ms, at most ${took.at(-1)!.toFixed(1)} ms`,
        );
        const { status, json } = await hanging;
        const [stuck] = json().tests;
        assertEquals([status, stuck.verdict, stuck.reasons[0].code], [200, "unknown", "Stuck"]);
        const { trouble } = (await call(`${server.url}/v1/devices/${target.device}`)).json();
        assertEquals(trouble?.code, "stuck");
        const pid = trouble.sentence.match(/process (\d+)/)[1];
        await until("the hanging process has ended", () => !isThere(`/proc/${pid}`));
      });
      await server.stop();
      await using again = await startServer(...OPTIONS);
      const { trouble } = (await call(`${again.url}/v1/devices/${target.device}`)).json();
      assertEquals(trouble, null);
      await again.stop();
      assertEquals((await stateOf(target.device)).state, "running");
    },
  },
  {
    name: "a v1 device in use is not opened",
    async run() {
      const holder = await startHolder(deviceOf("a2"), "group");
      const source = { ...await sourceOf("a1"), version: null };
      const { tests: [{ verdict, reasons }] } = await preflight(source, deviceOf("a2"));
      assertEquals(await holder.release(), "changes 0");
      assertEquals([verdict, reasons[0].code], ["unknown", "NotTested"]);
      assert((await stateOf(MTTY_2)).state === "running");
      for (const id of devices.values()) removeMdev(id);
      devices.clear();
    },
  },
];
