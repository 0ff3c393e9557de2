import { assertEquals } from "@std/assert";
import { mttyDevice } from "../../tests/fixtures/snapshot.ts";
import { leftAlone, leftAloneMs, mayOpen } from "./may_open.ts";

const WHEN = { settleMs: 10_000, nowMs: 100_000 };
const may = (change: Parameters<typeof mttyDevice>[0], when = WHEN) =>
  mayOpen(mttyDevice(change), when);

Deno.test("mayOpen() refuses a device that is held, may be held, or has no node", () => {
  assertEquals(may({}), "yes");
  assertEquals(may({ use: { state: "in-use", holder: null } }), "held");
  assertEquals(may({ use: { state: "unknown", holder: null } }), "held");
  assertEquals(may({ nodes: { cdev: null, group: null }, since: null }), "no-node");
});

Deno.test("mayOpen() refuses a new device until it has settled, unless its age is not known", () => {
  assertEquals([may({ since: 90_001 }), may({ since: 90_000 })], ["new", "yes"]);
  assertEquals(may({ since: null }), "yes");
  assertEquals(may({ since: 99_999 }, { ...WHEN, settleMs: 0 }), "yes");
});

Deno.test("mayOpen() waits no longer than the settle time if the clock was set back", () => {
  const since = WHEN.nowMs + 3_600_000;
  assertEquals([may({ since }), may({ since }, { ...WHEN, settleMs: 0 })], ["new", "yes"]);
  assertEquals(leftAloneMs(since, WHEN), WHEN.settleMs);
});

Deno.test("leftAloneMs() is the rest of the settle time", () => {
  assertEquals(leftAloneMs(94_000, WHEN), 4_000);
  assertEquals(leftAloneMs(1_000, WHEN), 0);
});

Deno.test("leftAlone() names the device, the time and the remedy", () => {
  const { sentence, remedy } = leftAlone({ id: "x", since: Date.UTC(2026, 0, 1) }, WHEN);
  assertEquals(sentence, "x is new: left alone until 2026-01-01T00:00:10.000Z");
  assertEquals(remedy.includes("--settle 0"), true);
});
