import { assert, assertEquals } from "@std/assert";
import type { VmCase } from "./case.ts";
import { startHolder } from "./holder.ts";
import {
  makeMdev,
  MDPY_VGA,
  MTTY_1,
  MTTY_2,
  MTTY_2_IDLE,
  removeMdev,
  runProgram,
  whyNotHere,
} from "./machine.ts";
import { assertQuiet, journalled, knownSourceOf, mdevs, OPTIONS, sourceOf } from "./preflights.ts";
import { call, startServer, withTests } from "./server.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** Tests an identity on a target; returns the answer. */
async function answerOf(source: Json, target: string, ...options: string[]): Promise<Json> {
  const args = ["preflight", "-", target, "--json", ...OPTIONS, ...options];
  const { code, stdout, stderr } = await runProgram(args, { stdin: JSON.stringify(source) });
  assert([0, 1, 3].includes(code), `${code}: ${stderr}`);
  const answer = JSON.parse(stdout);
  assertEquals(code, { compatible: 0, incompatible: 1, unknown: 3 }[answer.verdict as string]);
  return answer;
}

/** The driver's result: the verdict, the reason's code, and the check. */
function driverIn({ tests }: Json): Json {
  const { verdict, reasons: [reason] } = tests.find(({ by }: Json) => by === "driver");
  return { verdict, code: reason.code, check: reason.check ?? null };
}

/** Tests an identity on a target; returns the driver's result. */
async function test(source: Json, target: string, ...options: string[]): Promise<Json> {
  return driverIn(await answerOf(source, target, ...options));
}

/** The source with other initial data. */
async function altered(source: Json, change: (bytes: Uint8Array) => Uint8Array): Promise<Json> {
  const bytes = change(Uint8Array.fromBase64(source.initialData.base64));
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)))
    .toHex();
  const initialData = {
    ...source.initialData,
    base64: bytes.toBase64(),
    bytes: bytes.length,
    sha256,
  };
  return { ...source, initialData };
}

const accepted = {
  verdict: "compatible",
  code: "DriverAccepted",
  check: { step: "write", errno: null },
};
const refused = {
  verdict: "incompatible",
  code: "DriverRefused",
  check: { step: "write", errno: "EFAULT" },
};

/** Offsets of the header fields that mtty compares. */
const FIELDS = { magic: 0, major: 8, minor: 12, ports: 16, flags: 20 };

export const PREFLIGHT_CASES: readonly VmCase[] = [
  {
    name: "identity --initial-data contains mtty's initial data and its origin",
    sample: true,
    async run() {
      const { initialData } = await sourceOf(MTTY_2);
      assertEquals([initialData.bytes, initialData.origin], [24, "self"]);
      const header = new DataView(Uint8Array.fromBase64(initialData.base64).buffer);
      assertEquals(header.getBigUint64(0, true), 0x7e9d09898c3e2c4en);
      assertEquals([8, 12, 16, 20].map((at) => header.getUint32(at, true)), [1, 0, 2, 0]);
      await assertQuiet([MTTY_2]);
    },
  },
  ...(["group", "cdev"] as const).map((path): VmCase => ({
    name: `every pair of mtty types gets the driver's verdict by ${path}`,
    sample: true,
    skip: () => whyNotHere(path),
    async run() {
      const sources = {
        one: await sourceOf(MTTY_1, "--path", path),
        two: await sourceOf(MTTY_2, "--path", path),
      };
      await withTests([...OPTIONS, "--path", path], async (test) => {
        const said = async (source: Json, target: string) => driverIn(await test(source, target));
        assertEquals(await said(sources.one, MTTY_1), accepted);
        assertEquals(await said(sources.one, MTTY_2), refused);
        assertEquals(await said(sources.two, MTTY_1), refused);
        assertEquals(await said(sources.two, MTTY_2_IDLE), accepted);
      });
      await assertQuiet([MTTY_1, MTTY_2, MTTY_2_IDLE]);
    },
  })),
  {
    name: "altered initial data is refused; short and empty data proves nothing",
    async run() {
      const source = await knownSourceOf(MTTY_2);
      await withTests(OPTIONS, async (test) => {
        const said = async (change: (bytes: Uint8Array) => Uint8Array) =>
          driverIn(await test(await altered(source, change), MTTY_2_IDLE));
        for (const [field, at] of Object.entries(FIELDS)) {
          const other = await said((bytes) => {
            bytes[at]! ^= 0x40;
            return bytes;
          });
          assertEquals(other, refused, field);
        }
        const short = await said((bytes) => bytes.slice(0, 23));
        assertEquals([short.verdict, short.code], ["unknown", "InitialDataShort"]);
        const empty = await said(() => new Uint8Array());
        assertEquals([empty.verdict, empty.code], ["unknown", "InitialDataMissing"]);
        const { verdict, check } = await said((bytes) => {
          const more = new Uint8Array(4096);
          more.set(bytes);
          return more;
        });
        assertEquals([verdict, check.step], ["incompatible", "write"]);
      });
      await assertQuiet([MTTY_2_IDLE]);
    },
  },
  {
    name: "ask --preflight: the driver's verdict is the evidence, and refusals show the errno",
    sample: true,
    async run() {
      const source = await knownSourceOf(MTTY_2);
      const args = ["ask", "-", "--preflight", "--json", "--refusals=each", ...OPTIONS];
      const { stdout, code } = await runProgram(args, { stdin: JSON.stringify(source) });
      assertEquals(code, 0);
      const { offers, refusals } = JSON.parse(stdout);
      assertEquals(
        offers.map((
          { configuration, evidence }: Json,
        ) => [configuration.id ?? configuration.type, evidence]).sort(),
        [
          [MTTY_2, "driver-tested"],
          [MTTY_2_IDLE, "driver-tested"],
          ["mtty-2", "driver-tested"],
        ],
      );
      const other = refusals.find(({ configuration }: Json) => configuration.id === MTTY_1);
      const reason = other.reasons.find((found: Json) => found.code === "DriverRefused");
      assertEquals(reason.check, { step: "write", errno: "EFAULT" });
      await assertQuiet([MTTY_1, MTTY_2, MTTY_2_IDLE]);
    },
  },
  {
    name:
      "the data of a source in use comes from an idle or temporary sibling, and its holder notices nothing",
    async run() {
      const before = mdevs();
      const holder = await startHolder(MTTY_2, "group");
      const sibling = await sourceOf(MTTY_2);
      assertEquals(sibling.initialData.origin, `sibling ${MTTY_2_IDLE}`);
      const only = makeMdev("mtty-1");
      const second = await startHolder(MTTY_1, "group");
      const third = await startHolder(only, "group");
      const forbidden = await runProgram(["identity", MTTY_1, "--initial-data", ...OPTIONS]);
      assertEquals(forbidden.code, 4);
      const made = await sourceOf(MTTY_1, "--preflight-create");
      assertEquals(made.initialData.origin, "temporary sibling of type mtty-1");
      for (const held of [holder, second, third]) assertEquals(await held.release(), "changes 0");
      removeMdev(only);
      assertEquals(mdevs(), before);
      assertEquals(journalled(), []);
    },
  },
  {
    name: "a rule cannot override a driver that rejected a test",
    async run() {
      const rules = Deno.makeTempDirSync({ prefix: "rules-" });
      const sentence = "the bigger takes the smaller";
      Deno.writeTextFileSync(
        `${rules}/00-local.json`,
        JSON.stringify({
          schema: "vfio-ask/rules/v1",
          vendor: "operator",
          rules: [{
            name: "one port on two",
            for: { driver: "mtty", type: "mtty-1" },
            targets: [{ driver: "mtty", type: "mtty-2", verdict: "compatible", sentence }],
          }],
        }),
      );
      // Use the same PCI configuration, so that only the rule and the driver decide.
      const { pciConfig } = await knownSourceOf(MTTY_2);
      const source = { ...await knownSourceOf(MTTY_1), pciConfig };
      const ask = async (...options: string[]) => {
        const args = [
          "ask",
          "-",
          "--json",
          "--refusals=each",
          "--rules",
          rules,
          ...OPTIONS,
          ...options,
        ];
        const { stdout } = await runProgram(args, { stdin: JSON.stringify(source) });
        const { offers, refusals } = JSON.parse(stdout);
        return [...offers, ...refusals].find(({ configuration }: Json) =>
          configuration.id === MTTY_2_IDLE
        );
      };
      const untested = await ask();
      // Do not check the verdict: it also depends on QEMU options that the kernel requires.
      assertEquals(untested.evidence, "vendor-rule");
      const tested = await ask("--preflight");
      assertEquals([tested.verdict, tested.evidence, tested.reasons[0].code], [
        "incompatible",
        "driver-tested",
        "DriverRefused",
      ]);
    },
  },
  {
    name: "a type is tested on a temporary mdev, only if allowed",
    async run() {
      const before = mdevs();
      const source = await knownSourceOf(MTTY_2);
      const args = ["preflight", "-", "mtty-2@mtty", "--json", ...OPTIONS];
      const { code, stderr } = await runProgram(args, { stdin: JSON.stringify(source) });
      assertEquals(code, 4);
      assert(stderr.includes("--preflight-create"), stderr);
      assertEquals(await test(source, "mtty-2@mtty", "--preflight-create"), accepted);
      assertEquals(await test(source, "mtty-1@mtty", "--preflight-create"), refused);
      assertEquals(mdevs(), before);
      assertEquals(journalled(), []);
    },
  },
  {
    name:
      "preflight, POST /v1/test and ask --preflight give the same verdict, reasons and warnings",
    async run() {
      await using server = await startServer(...OPTIONS);
      const elsewhere = await knownSourceOf(MTTY_2);
      const short = await altered(elsewhere, (bytes) => bytes.slice(0, 23));
      // Another class, and only the decoded PCI configuration.
      const { space: _, ...decoded } = elsewhere.pciConfig;
      const seen = { ...elsewhere, pciConfig: { ...decoded, class: "030000" } };
      const part = ({ verdict, evidence, reasons, warnings }: Json) => ({
        verdict,
        evidence,
        reasons,
        warnings,
      });
      const answers: Json[] = [];
      for (const source of [elsewhere, short, seen]) {
        const args = ["ask", "-", "--preflight", "--json", "--refusals=each", ...OPTIONS];
        const { stdout } = await runProgram(args, { stdin: JSON.stringify(source) });
        const { offers, refusals } = JSON.parse(stdout);
        for (const id of source === elsewhere ? [MTTY_2_IDLE, MTTY_1, MDPY_VGA] : [MTTY_2_IDLE]) {
          const asked = part(
            [...offers, ...refusals].find(({ configuration }: Json) => configuration.id === id),
          );
          const body = { source, target: { device: id } };
          const posted = await call(`${server.url}/v1/test`, { method: "POST", body });
          const answer = await answerOf(source, id);
          assertEquals(part(answer), asked);
          assertEquals(part(posted.json()), asked);
          answers.push(answer);
        }
      }
      const [mdpy, differs] = [answers[2], answers.at(-1)];
      assertEquals(mdpy.verdict, "incompatible");
      assert(mdpy.reasons.some(({ code }: Json) => code === "TargetCannotMigrate"));
      assertEquals([differs.verdict, differs.evidence], ["incompatible", null]);
      assertEquals(differs.reasons.map(({ code }: Json) => code), ["PciConfigDiffers"]);
      assert(differs.warnings.some(({ code }: Json) => code === "DriverAccepted"));
      assertEquals(differs.tests.map(({ verdict }: Json) => verdict), ["compatible"]);
      assertEquals(await server.stop(), 0);
    },
  },
  {
    name: "a test first writes mtty's own and altered data, once per load of the driver",
    async run() {
      const state = Deno.makeTempDirSync({ prefix: "controls-" });
      const source = await knownSourceOf(MTTY_2);
      const controlled = async (...options: string[]) => {
        const { tests } = await answerOf(source, MTTY_2_IDLE, "--state", state, ...options);
        const { test: { controls, own, altered }, verdict, declared } = tests[0];
        assertEquals(declared.depth, "header");
        return [verdict, controls, own?.is ?? null, altered.map(({ handed }: Json) => handed.is)];
      };
      // mtty's rules declare what it compares, so that an acceptance counts without controls.
      assertEquals(await controlled("--preflight-controls=off"), ["compatible", "off", null, []]);
      const made = ["compatible", "made", "taken", ["refused", "refused"]];
      assertEquals(await controlled(), made);
      assertEquals(await controlled(), ["compatible", "remembered", null, []]);
      Deno.removeSync(state, { recursive: true });
      await assertQuiet([MTTY_2, MTTY_2_IDLE]);
    },
  },
  {
    name: "POST /v1/test and ?preflight=1 give the driver's verdict",
    sample: true,
    async run() {
      await using server = await startServer(...OPTIONS);
      const source = await knownSourceOf(MTTY_2);
      const post = (path: string, body: unknown) =>
        call(`${server.url}${path}`, { method: "POST", body });
      const yes = await post("/v1/test", { source, target: { device: MTTY_2_IDLE } });
      assertEquals([yes.status, yes.json().verdict, yes.json().evidence], [
        200,
        "compatible",
        "driver-tested",
      ]);
      const no = await post("/v1/test", { source, target: { device: MTTY_1 } });
      assertEquals(no.json().reasons[0].check, { step: "write", errno: "EFAULT" });
      const off = await post("/v1/test", { source, target: { type: "mtty-2", parent: "mtty" } });
      assertEquals(off.status, 403);
      assertEquals((await post("/v1/test", { source, target: {} })).json().pointer, "/target");
      const asked = (await post("/v1/ask?preflight=1&refusals=each", source)).json();
      assertEquals(asked.offers.map(({ evidence }: Json) => evidence), [
        "driver-tested",
        "driver-tested",
        "driver-tested",
      ]);
      assertEquals(await server.stop(), 0);
      await assertQuiet([MTTY_1, MTTY_2, MTTY_2_IDLE]);
    },
  },
];
