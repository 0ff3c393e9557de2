import { assertEquals } from "@std/assert";
import type { Ran } from "./run_steps.ts";
import { judge, withPciConfig } from "./verdict.ts";

const ran = (change: Partial<Ran> = {}): Ran => ({
  refused: null,
  initialBytes: 24,
  data: null,
  writtenBytes: 24,
  ...change,
});
const verdict = (
  change: Partial<Ran>,
  bytes = 24,
  phase: "pre-copy" | "stop-copy" = "pre-copy",
) => {
  const judged = judge({ driver: "mtty", ran: ran(change), source: { bytes, phase } });
  return [judged.verdict, judged.evidence, judged.reasons[0]!.code];
};

const YES = ["compatible", "driver-tested", "DriverAccepted"];
const NO = ["incompatible", "driver-tested", "DriverRefused"];

Deno.test("judge() takes a write that covers the driver's own initial data for its yes", () => {
  assertEquals(verdict({}), YES);
  assertEquals(verdict({ initialBytes: 16 }), YES);
});

Deno.test("judge() takes a refused write for the driver's no, with errno and step", () => {
  for (const step of ["write", "data", "data_size", "device_state after data_size"]) {
    assertEquals(verdict({ refused: { step, errno: "EINVAL" }, writtenBytes: 0 }), NO);
  }
  const { reasons: [reason] } = judge({
    driver: "mtty",
    ran: ran({ refused: { step: "write", errno: "EFAULT" }, writtenBytes: 8 }),
    source: { bytes: 24, phase: "pre-copy" },
  });
  assertEquals(
    reason!.sentence,
    "mtty refused the source's initial data with EFAULT, after 8 of 24 bytes",
  );
});

Deno.test("judge() says unknown where the driver may not have looked", () => {
  assertEquals(verdict({ writtenBytes: 23 }, 23)[2], "InitialDataShort");
  assertEquals(verdict({ initialBytes: null })[2], "InitialDataShort");
  assertEquals(verdict({ initialBytes: 0 })[2], "InitialDataShort");
  assertEquals(verdict({ writtenBytes: 12 })[2], "PartlyTaken");
  assertEquals(verdict({}, 24, "stop-copy")[2], "NotRefused");
});

Deno.test("judge() says unknown where the test itself was refused, not the data", () => {
  assertEquals(verdict({ refused: { step: "state RESUMING", errno: "EBUSY" } }), [
    "unknown",
    null,
    "TestFailed",
  ]);
});

Deno.test("withPciConfig() refuses what the guest would see differ, after the driver's yes too", () => {
  const yes = judge({ driver: "mtty", ran: ran(), source: { bytes: 24, phase: "pre-copy" } });
  const reason = {
    code: "PciConfigDiffers",
    sentence: "mtty: the guest would see another PCI class",
    source: "class 070002",
    host: "class 030000",
  };
  const config = {} as never;
  const judged = withPciConfig(yes, () => reason, { source: config, target: config });
  assertEquals([judged.verdict, judged.reasons.map(({ code }) => code)], [
    "incompatible",
    ["DriverAccepted", "PciConfigDiffers"],
  ]);
  assertEquals(withPciConfig(yes, () => reason, { source: null, target: config }), yes);
  assertEquals(withPciConfig(yes, () => null, { source: config, target: config }), yes);
});
