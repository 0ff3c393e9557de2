import { assertEquals } from "@std/assert";
import { mttyDevice } from "../../tests/fixtures/snapshot.ts";
import type { Device } from "../documents/mod.ts";
import { makeReleased } from "./released.ts";

const IN_USE = { state: "in-use", holder: { pid: 7, name: "qemu", node: "/dev/vfio/1" } } as const;
const OF_OURS = { ...IN_USE, holder: { ...IN_USE.holder, name: "vfio-ask" } };
const used = (change: Partial<Device> = {}) => mttyDevice({ use: IN_USE, ...change });
const ID = mttyDevice().id;

/** The migration state that a device is given in each of these looks, one second apart. */
function statesIn(...looks: Device[]) {
  const released = makeReleased();
  return looks.map((device, second) => released.follow([device], second * 1000)[0]!.state);
}

Deno.test("makeReleased() does not know the state of a device that came free", () => {
  assertEquals(statesIn(mttyDevice(), used(), mttyDevice(), mttyDevice()), [
    undefined,
    undefined,
    null,
    null,
  ]);
});

Deno.test("makeReleased() believes the kernel's state, and knows that a device was created again", () => {
  const running = mttyDevice({ state: "running" });
  assertEquals(statesIn(used(), running, mttyDevice()), [undefined, "running", undefined]);
  const made = mttyDevice({ bound: "another" });
  assertEquals(statesIn(used(), made, made), [undefined, undefined, undefined]);
});

Deno.test("makeReleased() leaves out PCI functions, what cannot migrate, and this program's own use", () => {
  const migration = { ...mttyDevice().migration, uapi: "none" } as const;
  for (const change of [{ kind: "pci" as const }, { migration }]) {
    assertEquals(statesIn(used(change), mttyDevice(change)), [undefined, undefined]);
  }
  assertEquals(statesIn(used({ use: OF_OURS }), mttyDevice()), [undefined, undefined]);
});

Deno.test("makeReleased() has a device asked when it has been free for the settle time", () => {
  const released = makeReleased();
  const due = (nowMs: number) => released.due({ settleMs: 10_000, nowMs });
  released.follow([used()], 0);
  assertEquals(due(60_000), { ids: new Set<string>(), nextMs: null });
  released.follow([mttyDevice()], 5_000);
  released.follow([mttyDevice()], 9_000);
  assertEquals(due(14_000), { ids: new Set<string>(), nextMs: 1_000 });
  // The clock was set back.
  assertEquals(due(0), { ids: new Set<string>(), nextMs: 10_000 });
  assertEquals(due(15_000), { ids: new Set([ID]), nextMs: null });
  released.forget(ID);
  assertEquals(due(15_000), { ids: new Set<string>(), nextMs: null });
  assertEquals(released.follow([mttyDevice()], 16_000)[0]!.state, undefined);
});

Deno.test("makeReleased() has a device asked that the kernel shows in another state than RUNNING", () => {
  const released = makeReleased();
  const trouble = { code: "not-running", sentence: "" } as const;
  released.follow([mttyDevice({ state: "resuming", trouble })], 0);
  released.follow([mttyDevice({ state: "resuming", trouble })], 9_000);
  assertEquals(released.due({ settleMs: 10_000, nowMs: 10_000 }).ids, new Set([ID]));
});

Deno.test("makeReleased() forgets a device that is gone, and waits anew after the next use", () => {
  const released = makeReleased();
  const due = (nowMs: number) => [...released.due({ settleMs: 10_000, nowMs }).ids];
  released.follow([used()], 0);
  released.follow([mttyDevice()], 1_000);
  released.follow([used()], 9_000);
  assertEquals(due(60_000), []);
  released.follow([mttyDevice()], 12_000);
  assertEquals([due(21_000), due(22_000)], [[], [ID]]);
  released.follow([], 23_000);
  assertEquals(due(60_000), []);
});
