import { assert, assertEquals } from "@std/assert";
import { mttyDevice, mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";
import { hostWithQemu, mttyOutcome } from "../../tests/fixtures/outcome.ts";
import { tallyOutcomes } from "../ledger/mod.ts";
import { takeTurns } from "../host/mod.ts";
import { isEqual, succeed } from "./keep_same.ts";

const ONE = mttyDevice({ id: "one" });
const TWO = mttyDevice({ id: "two" });
const before = mttySnapshot({ snapshot: 7, takenAt: "then", devices: [ONE, TWO] });

Deno.test("succeed() keeps the number and all objects if the facts are the same", async () => {
  const again = { ...structuredClone(before), snapshot: 1, takenAt: "now" };
  const snapshot = await succeed(before, again, takeTurns());
  assertEquals(snapshot, { ...before, takenAt: "now" });
  assert(snapshot.devices === before.devices && snapshot.types === before.types);
});

Deno.test("succeed() gives the next number and keeps each unchanged device", async () => {
  const changed = { ...TWO, numaNode: 5 };
  const taken = structuredClone({
    ...before,
    snapshot: 1,
    takenAt: "now",
    devices: [changed, ONE],
  });
  const snapshot = await succeed(before, taken, takeTurns());
  assertEquals(snapshot, { ...taken, snapshot: 8 });
  assert(snapshot.devices[1] === ONE && snapshot.types === before.types);
});

Deno.test("succeed() gives the next number if something is gone", async () => {
  for (const change of [{ devices: [ONE] }, { types: [] }, { problems: [] }]) {
    const full = { ...before, types: [mttyType()], problems: [problem()] };
    const { snapshot } = await succeed(full, { ...full, ...change }, takeTurns());
    assertEquals(snapshot, 8);
  }
});

Deno.test("succeed() gives the next number when another migration is known, and keeps equal outcomes", async () => {
  const outcomes = tallyOutcomes([mttyOutcome()], hostWithQemu().host);
  const first = await succeed(before, { ...before, outcomes }, takeTurns());
  assertEquals([first.snapshot, first.outcomes], [8, outcomes]);
  const second = await succeed(first, structuredClone(first), takeTurns());
  assert(second.snapshot === 8 && second.outcomes === outcomes);
  const { snapshot, outcomes: none } = await succeed(first, before, takeTurns());
  assertEquals([snapshot, none], [9, undefined]);
});

Deno.test("isEqual() compares objects and arrays in depth, and distinguishes null from missing", () => {
  assert(isEqual({ a: [1, { b: null }] }, { a: [1, { b: null }] }));
  for (const other of [{ a: [1, {}] }, { a: [1] }, { a: { 0: 1, 1: { b: null } } }, {}, null]) {
    assert(!isEqual({ a: [1, { b: null }] }, other), JSON.stringify(other));
  }
});

function problem() {
  return { code: "kernel", subject: "host", sentence: "It is so", remedy: null } as const;
}
