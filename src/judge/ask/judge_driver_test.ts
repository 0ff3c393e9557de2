import { assertEquals, assertStringIncludes } from "@std/assert";
import type { DeclaredTest, DriverTest, Handed } from "../../documents/mod.ts";
import { judgeDriver } from "./judge_driver.ts";

const taken: Handed = { is: "taken", bytes: 24 };
const refused = (errno: string | null = "EFAULT", bytes = 0): Handed => ({
  is: "refused",
  bytes,
  check: { step: "write", errno },
});
const lost = (errno: string): Handed => ({
  is: "not-handed",
  check: { step: "state RESUMING", errno },
});

/** A passing test: the driver took its own data, refused altered data, and took the source's. */
const test = (change: Partial<DriverTest> = {}): DriverTest => ({
  controls: "made",
  ownBytes: 24,
  own: taken,
  altered: [{ fromByte: 0, handed: refused() }, { fromByte: 8, handed: refused() }],
  source: taken,
  ...change,
});
const OFF: Partial<DriverTest> = { controls: "off", own: null, altered: [] };
const HEADER: DeclaredTest = { driver: "mtty", depth: "header", compares: "magic, ports" };

function judged(
  change: Partial<DriverTest>,
  {
    bytes = 24,
    phase = "pre-copy" as "pre-copy" | "stop-copy",
    declared = HEADER as typeof HEADER | null,
  } = {},
) {
  return judgeDriver({ driver: "mtty", test: test(change), source: { bytes, phase }, declared });
}
const said = (...given: Parameters<typeof judged>) => {
  const { verdict, evidence, reasons } = judged(...given);
  return [verdict as string, evidence as string | null, reasons[0]!.code as string];
};

const YES = ["compatible", "driver-tested", "DriverAccepted"];
const NO = ["incompatible", "driver-tested", "DriverRefused"];
const unknown = (code: string) => ["unknown", null, code];

Deno.test("judgeDriver() is compatible if the driver took the data and is known to check it", () => {
  assertEquals(said({}), YES);
  assertEquals(said({ ownBytes: 16 }), YES);
  assertEquals(said({ ...OFF, controls: "remembered" }), YES);
});

Deno.test("judgeDriver() is incompatible if the driver refused the write, with errno and step", () => {
  assertEquals(said({ source: refused("EINVAL") }), NO);
  assertEquals(said({ source: refused(null) }), NO);
  assertEquals(
    judged({ source: refused("EFAULT", 8) }).reasons[0]!.sentence,
    "mtty refused the source's initial data with EFAULT, after 8 of 24 bytes",
  );
});

Deno.test("judgeDriver() is unknown if the driver refuses its own device's data", () => {
  for (const own of [refused(), refused("EIO"), { is: "partly-taken", bytes: 3 } as const]) {
    assertEquals(said({ own, altered: [], source: null }), unknown("TestUnsound"));
    assertEquals(said({ own, source: refused() }), unknown("TestUnsound"));
    assertEquals(said({ own, source: taken }), unknown("TestUnsound"));
  }
});

Deno.test("judgeDriver() is unknown if the driver takes altered data", () => {
  for (const fromByte of [0, 8]) {
    const altered = [{ fromByte, handed: taken }, { fromByte: 9, handed: refused() }];
    assertEquals(said({ altered }), unknown("DriverDoesNotLook"));
    // It refused the source's data, so it did check that.
    assertEquals(said({ altered, source: refused() }), NO);
  }
});

Deno.test("judgeDriver() takes any errno as a refusal only if the driver took its own data in the same run", () => {
  const hosts = ["ENOMEM", "EAGAIN", "EBUSY", "EIO", "ENODEV", "ETIMEDOUT", "EINTR"];
  for (const errno of hosts) {
    assertEquals(said({ source: refused(errno) }), NO, errno);
    assertEquals(said({ ...OFF, source: refused(errno) }), unknown("RefusalUnclear"), errno);
    const remembered: Partial<DriverTest> = {
      ...OFF,
      controls: "remembered",
      source: refused(errno),
    };
    assertEquals(said(remembered), unknown("RefusalUnclear"), errno);
    assertEquals(said({ ...remembered, own: taken }), NO, errno);
  }
  for (const errno of ["EINVAL", "EFAULT", "EPROTO"]) {
    assertEquals(said({ ...OFF, source: refused(errno) }), NO, errno);
  }
});

Deno.test("judgeDriver() without controls needs a rule that declares what the driver compares", () => {
  for (const controls of ["off", "impossible"] as const) {
    const change = { ...OFF, controls };
    assertEquals(said(change), YES);
    assertEquals(said(change, { declared: null }), unknown("NotControlled"));
    const { compares: _, ...declared } = HEADER;
    assertEquals(said(change, { declared }), unknown("NotControlled"));
  }
  const altered = [{ fromByte: 0, handed: lost("EBUSY") }];
  assertEquals(said({ altered }, { declared: null }), unknown("NotControlled"));
});

Deno.test("judgeDriver() is unknown if the driver may not have checked so few bytes", () => {
  assertEquals(said({}, { bytes: 23 }), unknown("InitialDataShort"));
  assertEquals(said({ ownBytes: null }), unknown("InitialDataShort"));
  assertEquals(said({ ownBytes: 0 }), unknown("InitialDataShort"));
  assertEquals(said({ source: { is: "partly-taken", bytes: 12 } }), unknown("PartlyTaken"));
  assertEquals(said({}, { phase: "stop-copy" }), unknown("NotRefused"));
});

Deno.test("judgeDriver() is unknown if the test ended before the write", () => {
  assertEquals(said({ source: lost("EBUSY") }), unknown("TestFailed"));
  assertEquals(said({ own: lost("EBUSY"), altered: [], source: null }), unknown("TestFailed"));
  assertEquals(said({ own: null, altered: [], source: null }), unknown("TestFailed"));
});

Deno.test("judgeDriver() says how far the test went and that the device was idle", () => {
  const sentence = (declared: DeclaredTest | null) => judged({}, { declared }).reasons[0]!.sentence;
  assertStringIncludes(sentence(HEADER), "as far as the header (magic, ports)");
  assertStringIncludes(
    sentence({ driver: "mlx5_vfio_pci", depth: "state" }),
    "loaded the device state itself",
  );
  assertStringIncludes(sentence(null), "no rule declares how far");
  assertStringIncludes(sentence(HEADER), "an idle device has less data than a running one");
});
