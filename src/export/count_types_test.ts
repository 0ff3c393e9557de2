import { assertEquals } from "@std/assert";
import { mttyDevice, mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";
import type { Device, Migration } from "../documents/mod.ts";
import { countTypes } from "./count_types.ts";

const IN_USE = { state: "in-use", holder: null } as const;
const asked = (uapi: Migration["uapi"]): Migration => ({ ...mttyDevice().migration, uapi });

/** Counts of a host with these devices, and instances that can be created. */
function counts(devices: Device[], instances: number | null = 0) {
  const types = [mttyType({ availableInstances: instances })];
  return countTypes(mttySnapshot({ devices, types })).map(({ uapi, total, free, unusable }) =>
    [uapi, total, free, unusable].join(" ")
  );
}

Deno.test("countTypes() counts devices and instances, and which of them are free", () => {
  const devices = [
    mttyDevice({ id: "a" }),
    mttyDevice({ id: "b", use: IN_USE }),
    mttyDevice({ id: "c", use: { state: "unknown", holder: null } }),
    mttyDevice({ id: "d", state: null }),
  ];
  assertEquals(counts(devices, 3), ["v2 7 4 0"]);
  assertEquals(counts(devices, null), ["v2 4 1 0"]);
});

Deno.test("countTypes() counts apart what cannot be used, and what nobody has asked", () => {
  const trouble = { code: "not-running", sentence: "" } as const;
  const devices = [
    mttyDevice({ id: "a", trouble }),
    mttyDevice({ id: "b", nodes: { cdev: null, group: "/dev/vfio/noiommu-1" } }),
    mttyDevice({ id: "c", migration: asked("unknown") }),
    mttyDevice({ id: "d", migration: asked("none") }),
  ];
  assertEquals(counts(devices), ["none 1 1 0", "unknown 1 1 0", "v2 0 0 2"]);
});

Deno.test("countTypes() counts a function without a vGPU type as its types only", () => {
  const vf = mttyDevice({ id: "0000:17:00.4", parent: "0000:17:00.0", facts: { vgpuType: null } });
  const type = mttyType({ kind: "vgpu-type", type: "nvidia-1", parent: vf.id });
  const found = countTypes(mttySnapshot({
    devices: [vf],
    types: [{ ...type, availableInstances: 1 }],
  }));
  assertEquals(found.map(({ type, total }) => [type, total]), [["nvidia-1", 1]]);
});

Deno.test("countTypes() names the features that all devices of a type have", () => {
  const lacking = { ...asked("v2"), features: ["stop-copy" as const] };
  const devices = [mttyDevice({ id: "a" }), mttyDevice({ id: "b", migration: lacking })];
  const [count] = countTypes(mttySnapshot({ devices, types: [] }));
  assertEquals(count?.features, ["stop-copy"]);
});

Deno.test("countTypes() leaves out a type that nobody has asked and that cannot be made", () => {
  const type = mttyType({ availableInstances: 0, migration: asked("unknown") });
  assertEquals(countTypes(mttySnapshot({ devices: [], types: [type] })), []);
});
