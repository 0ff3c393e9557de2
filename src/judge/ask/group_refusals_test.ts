import { assert, assertEquals } from "@std/assert";
import { mttyIdentity } from "../../../tests/fixtures/identity.ts";
import { mttyDevice, mttySnapshot, mttyType } from "../../../tests/fixtures/snapshot.ts";
import type { Refusal, Snapshot } from "../../documents/mod.ts";
import { ask } from "./ask.ts";
import { groupRefusals } from "./group_refusals.ts";

const { driver } = mttyDevice();
const OTHER = { ...driver!, name: "other" };

/** A host whose many devices and types are refused for a few reasons. */
function strangers(devices: number): Snapshot {
  return mttySnapshot({
    devices: [
      mttyDevice({ id: "fits" }),
      ...Array.from(
        { length: devices },
        (_, n) => mttyDevice({ id: `stranger-${n}`, type: `mtty-${10 + n % 2}` }),
      ),
      mttyDevice({ id: "apart", type: "other-1", driver: OTHER }),
    ],
    types: ["mtty", "mtty1"].map((parent) => mttyType({ parent, type: "mtty-10" })),
    rules: [],
  });
}

/** The names of all configurations in refusals. */
function namesOf(refusals: readonly Refusal[]): string[] {
  return refusals.flatMap(({ configuration: { id, parent }, others = [] }) => [
    id ?? parent!,
    ...others.flatMap(({ ids = [], parents = [] }) => [...ids, ...parents]),
  ]).sort();
}

Deno.test("groupRefusals() reports the same reasons once, even if the type differs", () => {
  const { refusals, refused } = ask(strangers(4), mttyIdentity());
  const grouped = groupRefusals(refusals);
  assertEquals(grouped.map(({ count = 1 }) => count), [6, 1]);
  assertEquals([refused, namesOf(grouped)], [7, namesOf(refusals)]);
  const [first] = grouped;
  assertEquals(first!.configuration, refusals[0]!.configuration);
  assertEquals(first!.reasons, refusals[0]!.reasons);
  assertEquals(first!.others!.map(({ kind, type, count }) => [kind, type, count]), [
    ["device", "mtty-10", 1],
    ["device", "mtty-11", 2],
    ["mdev-type", "mtty-10", 2],
  ]);
});

Deno.test("groupRefusals() counts all configurations and names some", () => {
  const { refusals, refused } = ask(strangers(5_000), mttyIdentity());
  const grouped = groupRefusals(refusals);
  assertEquals([refused, refusals.length], [5_003, 5_003]);
  assertEquals(grouped.reduce((sum, { count = 1 }) => sum + count, 0), 5_003);
  const [first] = grouped;
  assertEquals(first!.others!.reduce((sum, { count }) => sum + count, 1), first!.count);
  assert(JSON.stringify(grouped).length < 4_000);
});

Deno.test("groupRefusals() separates different reasons, warnings and values", () => {
  const snapshot = mttySnapshot({
    devices: [
      mttyDevice({ id: "a", type: "x", deviceApi: "vfio-pci" }),
      mttyDevice({ id: "b", type: "x", deviceApi: "vfio-ccw" }),
      mttyDevice({ id: "c", type: "x", deviceApi: "vfio-ap" }),
      mttyDevice({ id: "d", type: "x", driver: { ...driver!, version: "9" } }),
    ],
    types: [],
  });
  const { refusals } = ask(snapshot, mttyIdentity());
  assertEquals(groupRefusals(refusals).map(({ count = 1 }) => count), [1, 1, 1, 1]);
});
