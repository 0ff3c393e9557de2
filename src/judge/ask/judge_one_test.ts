import { assertEquals } from "@std/assert";
import { mttyIdentity } from "../../../tests/fixtures/identity.ts";
import { mttyDevice, mttySnapshot } from "../../../tests/fixtures/snapshot.ts";
import {
  type Device,
  MIGRATION_UNKNOWN,
  type Reason,
  type ReasonCode,
} from "../../documents/mod.ts";
import { ask, candidateKey, judgeOne, listCandidates, type TestResult } from "./mod.ts";

const reason = (code: ReasonCode): Reason => ({
  code,
  sentence: `mtty: ${code}`,
  source: null,
  host: null,
});

/** Possible test results, by driver and by version attribute. */
const YES: TestResult = {
  by: "driver",
  verdict: "compatible",
  evidence: "driver-tested",
  reasons: [reason("DriverAccepted")],
};
const NO: TestResult = {
  by: "driver",
  verdict: "incompatible",
  evidence: "driver-tested",
  reasons: [reason("DriverRefused")],
};
const UNKNOWN: TestResult = {
  by: "driver",
  verdict: "unknown",
  evidence: null,
  reasons: [reason("TestUnsound")],
};
const VERSION: TestResult = {
  by: "version-attribute",
  verdict: "compatible",
  evidence: "attribute-tested",
  reasons: [reason("VersionAccepted")],
};
const TESTS: readonly (readonly TestResult[])[] = [
  [],
  [YES],
  [NO],
  [UNKNOWN],
  [VERSION, NO],
  [VERSION, UNKNOWN],
  [VERSION, YES],
];

const source = () => mttyIdentity({ id: "elsewhere" });
/** A configuration with another class, without bytes. */
function other(): Device["pciConfig"] {
  const { space: _, ...decoded } = mttyDevice().pciConfig!;
  return { ...decoded, class: "030000" };
}
const codes = (reasons: readonly Reason[]) => reasons.map(({ code }) => code);

Deno.test("judgeOne() gives the same result as ask() for all tests and targets", () => {
  const devices = [
    mttyDevice({ id: "same" }),
    mttyDevice({ id: "type", type: "mtty-1" }),
    mttyDevice({ id: "pci", pciConfig: other() }),
    mttyDevice({ id: "unasked", migration: MIGRATION_UNKNOWN, pciConfig: null }),
    mttyDevice({ id: "none", migration: { ...MIGRATION_UNKNOWN, uapi: "none" } }),
  ];
  for (const rules of [mttySnapshot().rules, []]) {
    const snapshot = mttySnapshot({ devices, rules });
    for (const tests of TESTS) {
      const all = new Map(
        listCandidates(snapshot).map((candidate) => [candidateKey(candidate), tests]),
      );
      const { offers, refusals } = ask(snapshot, source(), { tests: all });
      for (const entry of [...devices, ...snapshot.types]) {
        const found = [...offers, ...refusals].find(({ configuration }) =>
          "id" in entry
            ? configuration.id === entry.id
            : configuration.id === undefined && configuration.type === entry.type
        )!;
        const { verdict, evidence, reasons, warnings } = judgeOne(snapshot, source(), entry, {
          tests,
        });
        assertEquals({ verdict, evidence, reasons, warnings }, {
          verdict: found.verdict,
          evidence: found.evidence,
          reasons: found.reasons,
          warnings: found.warnings,
        });
      }
    }
  }
});

Deno.test("judgeOne() refuses a different PCI configuration after a passing driver test, and says who refused", () => {
  const entry = mttyDevice({ pciConfig: other() });
  const { verdict, evidence, reasons, warnings } = judgeOne(mttySnapshot(), source(), entry, {
    tests: [YES],
  });
  assertEquals([verdict, evidence, codes(reasons)], ["incompatible", null, ["PciConfigDiffers"]]);
  assertEquals(codes(warnings).includes("DriverAccepted"), true);
});

Deno.test("judgeOne() reports a passing test as a warning if another test failed", () => {
  const judged = judgeOne(mttySnapshot(), source(), mttyDevice(), { tests: [VERSION, NO] });
  assertEquals([judged.verdict, judged.evidence], ["incompatible", "driver-tested"]);
  assertEquals(codes(judged.reasons), ["DriverRefused"]);
  assertEquals(codes(judged.warnings).includes("VersionAccepted"), true);
});

Deno.test("judgeOne() fills in unknown values from the tested device", () => {
  const { migration, pciConfig } = mttyDevice();
  const unasked = mttyDevice({ migration: MIGRATION_UNKNOWN, pciConfig: null });
  const judge = (seen: NonNullable<TestResult["seen"]>) =>
    judgeOne(mttySnapshot(), source(), unasked, { tests: [{ ...YES, seen }] });
  const unknown = codes(judgeOne(mttySnapshot(), source(), unasked, { tests: [YES] }).reasons);
  assertEquals(unknown.includes("PciConfigUnknown"), true);
  assertEquals(codes(judge({ migration, pciConfig }).reasons).includes("PciConfigUnknown"), false);
  assertEquals(codes(judge({ migration, pciConfig: other() }).reasons), ["PciConfigDiffers"]);
});

Deno.test("judgeOne() refuses a device that is idle in another state than RUNNING", () => {
  const trouble = { code: "not-running", sentence: "it is in RESUMING" } as const;
  const device = mttyDevice({ state: "resuming", trouble });
  const snapshot = mttySnapshot({ devices: [device] });
  const { verdict, reasons } = judgeOne(snapshot, mttyIdentity(), device, { tests: [YES] });
  assertEquals([verdict, reasons[0]?.code], ["incompatible", "NotRunning"]);
  const offered = ask(snapshot, mttyIdentity()).offers.map(({ configuration }) => configuration.id);
  assertEquals(offered.includes(device.id), false);
});

Deno.test("judgeOne() warns of a device that came free and was not looked at since", () => {
  const codes = (device: Device) =>
    judgeOne(mttySnapshot({ devices: [device] }), mttyIdentity(), device).warnings
      .map(({ code }) => code);
  assertEquals(codes(mttyDevice({ state: null })).includes("StateNotKnown"), true);
  for (const device of [mttyDevice(), mttyDevice({ state: "running" })]) {
    assertEquals(codes(device).includes("StateNotKnown"), false);
  }
});
