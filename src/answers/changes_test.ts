import { assertEquals } from "@std/assert";
import { mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { countChanges, listChanges } from "./changes.ts";

Deno.test("listChanges() is empty if nothing changed", () => {
  const snapshot = mttySnapshot();
  const changes = listChanges(snapshot, { ...snapshot, snapshot: 2 });
  assertEquals(countChanges(changes), 0);
  const { hostChanged, problemsChanged, rulesChanged } = changes;
  assertEquals([hostChanged, problemsChanged, rulesChanged], [false, false, false]);
});

Deno.test("listChanges() lists what is new, different and gone", () => {
  const [device, ...rest] = mttySnapshot().devices;
  const [first, second] = [{ ...device!, id: "first" }, { ...device!, id: "second" }];
  const before = { ...mttySnapshot(), devices: [first, second, ...rest] };
  const [type, ...types] = before.types;
  const changed = { ...second, numaNode: 7 };
  const added = { ...first, id: "new" };
  const after = {
    ...before,
    snapshot: before.snapshot + 1,
    devices: [changed, ...rest, added],
    types,
    rules: [...before.rules],
    problems: [...before.problems],
    host: { ...before.host },
  };
  const changes = listChanges(before, after);
  assertEquals(changes.snapshot, after.snapshot);
  assertEquals(changes.devices, { added: [added], changed: [changed], removed: [first.id] });
  const removed = [{ parent: type!.parent, type: type!.type }];
  assertEquals(changes.types, { added: [], changed: [], removed });
  const { hostChanged, problemsChanged, rulesChanged } = changes;
  assertEquals([hostChanged, problemsChanged, rulesChanged], [true, true, true]);
  assertEquals(countChanges(changes), 4);
});
