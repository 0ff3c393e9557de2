import { assertEquals, assertStringIncludes } from "@std/assert";
import { hostWithQemu, mttyOutcome, runningMtty } from "../../../tests/fixtures/outcome.ts";
import { mttyDevice, mttyType } from "../../../tests/fixtures/snapshot.ts";
import type {
  Device,
  Identity,
  Outcome,
  OutcomeTally,
  RulesFile,
  Snapshot,
} from "../../documents/mod.ts";
import { MIGRATION_UNKNOWN } from "../../documents/mod.ts";
import { ask, judgeOne, predict, type TestResult } from "./mod.ts";

/** Sums as the ledger makes them: all these outcomes are of one pair. */
function tallyOf(outcomes: readonly Outcome[]): OutcomeTally[] {
  const [first] = outcomes;
  if (first === undefined) return [];
  const { host: _, id: __, ...source } = first.source;
  const { host: ___, id: ____, ...target } = first.target;
  const times = (of: readonly Outcome[]) => ({ count: of.length, last: of.at(-1)?.at ?? null });
  const device = outcomes.filter(({ cause }) => cause === "device");
  const ok = outcomes.filter(({ result }) => result === "ok");
  const other = outcomes.filter((one) => !ok.includes(one) && !device.includes(one));
  return [{ source, target, ok: times(ok), device: times(device), other: times(other) }];
}

const OK = mttyOutcome();
const REFUSED = mttyOutcome({ result: "failed", cause: "device", at: "2026-02-01T00:00:00Z" });
const UNCLEAR = mttyOutcome({ result: "failed", at: "2026-02-02T00:00:00Z" });

/** A rule of one target for the mtty. */
function rule(target: Record<string, unknown>): RulesFile[] {
  const document = {
    schema: "vfio-ask/rules/v1",
    vendor: "mtty",
    rules: [{ name: "a rule", for: { driver: "mtty" }, targets: [target] }],
  };
  return [{ name: "test.json", path: "/test.json", document } as RulesFile];
}

const FIRMWARE_DECIDES = rule({ verdict: "unknown", sentence: "only the firmware knows" });
const ACCEPTS = rule({ verdict: "compatible", sentence: "they are equal" });

function judge(
  outcomes: readonly Outcome[],
  { rules = [], source = runningMtty(), device = {}, tests = [], ...change }:
    & Partial<Snapshot>
    & { source?: Identity; device?: Partial<Device>; tests?: readonly TestResult[] } = {},
) {
  const target = mttyDevice(device);
  const snapshot = hostWithQemu({
    devices: [target],
    rules,
    outcomes: tallyOf(outcomes),
    ...change,
  });
  const { verdict, evidence, reasons, warnings } = judgeOne(snapshot, source, target, { tests });
  const codes = (of: typeof reasons) => of.map(({ code }) => String(code));
  return { verdict, evidence, reasons: codes(reasons), warnings: codes(warnings), told: reasons };
}

const TESTED = (by: TestResult["by"], verdict: TestResult["verdict"]): TestResult => ({
  by,
  verdict,
  evidence: by === "driver" ? "driver-tested" : "attribute-tested",
  reasons: [],
});

Deno.test("ask() takes a successful migration between the same builds as evidence where nobody compares", () => {
  assertEquals(judge([]).verdict, "unknown");
  const { told, ...judged } = judge([OK, OK, OK]);
  assertEquals(judged, {
    verdict: "compatible",
    evidence: "migrated-before",
    reasons: ["MigratedBefore", "SameType"],
    warnings: [],
  });
  const { sentence, source, host } = told.find(({ code }) => code === "MigratedBefore")!;
  assertEquals(
    sentence,
    "mtty: 3 of 3 migrations between these builds succeeded, last on 2026-01-31",
  );
  assertEquals(source, "mtty (B7D1C2E3F4A5968778695A4), Linux 6.12.57, QEMU 10.0.2");
  assertEquals(host, "mtty (B7D1C2E3F4A5968778695A4), Linux 6.12.57, QEMU 10.0.3");
});

Deno.test("ask() lets earlier migrations answer what a rule leaves to the firmware, as a warning", () => {
  assertEquals(judge([], { rules: FIRMWARE_DECIDES }).verdict, "unknown");
  const judged = judge([OK], { rules: FIRMWARE_DECIDES });
  assertEquals([judged.verdict, judged.evidence], ["compatible", "migrated-before"]);
  assertEquals(judged.warnings, ["FirmwareDecides"]);
});

Deno.test("ask() prefers earlier migrations to a rule, and a test to them", () => {
  assertEquals(judge([], { rules: ACCEPTS }).evidence, "vendor-rule");
  assertEquals(judge([OK], { rules: ACCEPTS }).evidence, "migrated-before");
  for (
    const [by, evidence] of [["driver", "driver-tested"], [
      "version-attribute",
      "attribute-tested",
    ]] as const
  ) {
    assertEquals(judge([OK], { tests: [TESTED(by, "compatible")] }).evidence, evidence);
  }
});

Deno.test("ask() makes a pair unknown whose migration failed for a reason of the device, whatever a rule says", () => {
  for (const outcomes of [[REFUSED], [OK, OK, REFUSED], [REFUSED, OK]]) {
    const judged = judge(outcomes, { rules: ACCEPTS });
    assertEquals([judged.verdict, judged.evidence], ["unknown", null]);
    assertEquals(judged.reasons.includes("FailedBefore"), true);
    assertEquals(judged.reasons.includes("MigratedBefore"), false);
  }
  assertEquals(judge([OK, REFUSED]).reasons.includes("NobodyCompares"), true);
  assertEquals(judge([OK, REFUSED], { rules: FIRMWARE_DECIDES }).warnings, []);
  const { told } = judge([OK, OK, REFUSED, UNCLEAR]);
  assertStringIncludes(
    told.find(({ code }) => code === "FailedBefore")!.sentence,
    "1 of 4 migrations between these builds failed for a reason of the device, last on 2026-02-01; " +
      "1 failed for another reason; ",
  );
});

Deno.test("ask() lets only the driver itself override a failed migration", () => {
  const byDriver = judge([REFUSED], { tests: [TESTED("driver", "compatible")] });
  assertEquals([byDriver.verdict, byDriver.evidence], ["compatible", "driver-tested"]);
  assertEquals(byDriver.warnings, ["FailedBefore"]);
  const byAttribute = judge([REFUSED], { tests: [TESTED("version-attribute", "compatible")] });
  assertEquals([byAttribute.verdict, byAttribute.evidence], ["unknown", null]);
});

Deno.test("ask() does not hold failures for another or an unknown reason against a pair, but mentions them", () => {
  const other = mttyOutcome({ result: "failed", cause: "other" });
  assertEquals(judge([UNCLEAR, other], { rules: ACCEPTS }).evidence, "vendor-rule");
  const judged = judge([OK, UNCLEAR, other]);
  assertEquals([judged.verdict, judged.evidence], ["compatible", "migrated-before"]);
  assertStringIncludes(
    judged.told.find(({ code }) => code === "MigratedBefore")!.sentence,
    "1 of 3 migrations between these builds succeeded, last on 2026-01-31; 2 failed for another reason",
  );
});

Deno.test("ask() keeps every refusal, with earlier migrations as a warning", () => {
  const withBars = { ...mttyDevice().pciConfig!, bars: [] };
  const bars = judge([OK], { device: { pciConfig: withBars } });
  assertEquals([bars.verdict, bars.warnings], ["incompatible", ["MigratedBefore"]]);
  const ruled = judge([OK], { rules: rule({ verdict: "incompatible", sentence: "no" }) });
  assertEquals([ruled.verdict, ruled.evidence], ["incompatible", "vendor-rule"]);
  const said = { code: "DriverRefused" as const, sentence: "mtty: no", source: null, host: null };
  const refused = judge([OK], {
    tests: [{ ...TESTED("driver", "incompatible"), reasons: [said] }],
  });
  assertEquals([refused.verdict, refused.evidence], ["incompatible", "driver-tested"]);
});

Deno.test("ask() refuses another type, although a migration to that type succeeded", () => {
  const device = { type: "mtty-1" };
  const past = mttyOutcome({
    target: { device: mttyDevice(device), host: hostWithQemu().host },
  });
  const judged = judge([past], { device });
  assertEquals([judged.verdict, judged.reasons], ["incompatible", ["TypeDiffers"]]);
  assertEquals(judged.warnings, ["MigratedBefore"]);
});

Deno.test("ask() leaves other open questions open: a missing fact, a version, the PCI configuration", () => {
  const require = [{ fact: "eccMode", op: "equal" }];
  const missing = judge([OK], {
    rules: rule({ verdict: "compatible", sentence: "with the same ECC", require }),
  });
  assertEquals([missing.verdict, missing.evidence], ["unknown", null]);
  assertEquals(missing.reasons.includes("FactMissing"), true);
  const version = { path: "/sys/v", version: "2", errno: null };
  const other = judge([OK], { source: runningMtty({ version: "1" }), device: { version } });
  assertEquals([other.verdict, other.reasons.includes("VersionNotTested")], ["unknown", true]);
  const pci = judge([OK], { device: { pciConfig: null } });
  assertEquals([pci.verdict, pci.reasons.includes("PciConfigUnknown")], ["unknown", true]);
});

Deno.test("ask() finds no evidence where anything differs that the result depends on", () => {
  const driver = { name: "mtty", module: "mtty", version: null, srcversion: "OTHER" };
  const vmm = runningMtty().vmm!;
  const { host } = runningMtty();
  const changes: Parameters<typeof judge>[1][] = [
    { device: { driver } },
    { device: { parentDriver: driver } },
    { device: { facts: { firmware: "22.39" } } },
    { device: { migration: MIGRATION_UNKNOWN } },
    { source: runningMtty({ driver }) },
    { source: runningMtty({ parentDriver: null }) },
    { source: runningMtty({ facts: { firmware: "22.39" } }) },
    { source: runningMtty({ host: { ...host, kernel: "6.12.58" } }) },
    { source: runningMtty({ vmm: { ...vmm, qemu: "10.0.3" } }) },
    { source: runningMtty({ vmm: { ...vmm, machineType: "pc-q35-9.2" } }) },
    { source: runningMtty({ vmm: { ...vmm, machineType: null } }) },
    { source: runningMtty({ vmm: null }) },
    { source: runningMtty({ migration: MIGRATION_UNKNOWN }) },
  ];
  for (const [index, change] of changes.entries()) {
    for (const outcomes of [[OK], [REFUSED]]) {
      const { reasons, warnings } = judge(outcomes, change);
      const codes = [...reasons, ...warnings].filter((code) => code.endsWith("Before"));
      assertEquals(codes, [], `change ${index}`);
    }
  }
});

Deno.test("ask() counts a migration to a device for a new device of the same type too, and ranks by it", () => {
  const snapshot = hostWithQemu({ types: [mttyType()], outcomes: tallyOf([OK]), rules: [] });
  const { offers } = ask(snapshot, runningMtty());
  assertEquals(
    offers.map(({ configuration, evidence }) => [configuration.kind, evidence]),
    [["device", "migrated-before"], ["mdev-type", "migrated-before"]],
  );
});

Deno.test("predict() says what an answer says, also when the failed migration has left the device in trouble", () => {
  const trouble = { code: "needs-reset", sentence: "it is in RESUMING" } as const;
  const device = mttyDevice({ trouble, use: { state: "in-use", holder: null } });
  const snapshot = hostWithQemu({ devices: [device], rules: ACCEPTS });
  assertEquals(judgeOne(snapshot, runningMtty(), device).verdict, "incompatible");
  assertEquals(predict(snapshot, runningMtty(), { device, subsystem: "warn" }), {
    verdict: "compatible",
    evidence: "vendor-rule",
  });
});

Deno.test("ask() only answers open questions by outcomes: no refusal becomes an offer, no failure helps", () => {
  const worth = { incompatible: 0, unknown: 1, compatible: 2 };
  const firmware = (otherwise: string) => [{ fact: "firmware", op: "equal", otherwise }];
  const rules = [
    [],
    FIRMWARE_DECIDES,
    ACCEPTS,
    rule({ verdict: "incompatible", sentence: "no" }),
    rule({ verdict: "compatible", sentence: "yes", require: firmware("unknown") }),
    rule({ verdict: "compatible", sentence: "yes", require: firmware("refuse") }),
  ];
  const devices: Partial<Device>[] = [
    {},
    { type: "mtty-1" },
    { deviceApi: "vfio-ap" },
    { pciConfig: null },
    { pciConfig: { ...mttyDevice().pciConfig!, bars: [] } },
    { facts: { firmware: "2" } },
    { trouble: { code: "stuck", sentence: "stuck" } },
    { version: { path: "/v", version: "2", errno: null } },
    { version: { path: "/v", version: null, errno: "EIO" } },
  ];
  const sources = [
    runningMtty(),
    runningMtty({ facts: { firmware: "1" } }),
    runningMtty({ version: "1" }),
  ];
  const tests = [[], [TESTED("driver", "compatible")], [TESTED("version-attribute", "compatible")]];
  let cases = 0;
  for (const device of devices) {
    for (const source of sources) {
      const target = { device: mttyDevice(device), host: hostWithQemu().host };
      const ok = mttyOutcome({ source, target });
      const failed = mttyOutcome({ source, target, result: "failed", cause: "device" });
      for (const made of tests) {
        for (const rule of rules) {
          const options = { rules: rule, source, device, tests: made };
          const plain = judge([], options);
          const after = judge([ok], options);
          const bad = judge([ok, failed], options);
          const isRefused = plain.verdict === "incompatible";
          assertEquals(isRefused, after.verdict === "incompatible");
          assertEquals(isRefused, bad.verdict === "incompatible");
          assertEquals(worth[after.verdict] >= worth[plain.verdict], true);
          assertEquals(worth[bad.verdict] <= worth[plain.verdict], true);
          const isTested = made[0]?.by === "driver";
          assertEquals(bad.verdict === "compatible" && !isTested, false);
          if (!isRefused) assertEquals(after.evidence === "vendor-rule", false);
          cases++;
        }
      }
    }
  }
  assertEquals(cases, 9 * 3 * 3 * 6);
});
