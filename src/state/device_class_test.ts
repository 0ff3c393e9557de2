import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { mttyDevice, mttyType } from "../../tests/fixtures/snapshot.ts";
import type { Device } from "../documents/mod.ts";
import {
  classesOfType,
  classKey,
  classOfDevice,
  deviceKey,
  isOfOtherLoad,
  isSibling,
} from "./device_class.ts";

const key = (change: Partial<Device> = {}) => classKey(classOfDevice(mttyDevice(change)));
const DRIVER = mttyDevice().driver!;

Deno.test("classOfDevice() is equal for devices that differ only in name and use", () => {
  assertEquals(key({ id: "another", since: 7, use: { state: "in-use", holder: null } }), key());
  assertEquals(key({ nodes: { cdev: null, group: "/dev/vfio/99" } }), key());
});

Deno.test("classOfDevice() depends on the driver, its build and load, the parent, the type and the binding", () => {
  const others: Partial<Device>[] = [
    { driver: { ...DRIVER, name: "mtty2" } },
    { driver: { ...DRIVER, srcversion: "0" } },
    { driver: { ...DRIVER, load: "17" } },
    { parentDriver: { ...DRIVER, load: "17" } },
    { driver: null },
    { parent: "mtty2" },
    { type: "mtty-1" },
    { nodes: { cdev: "/dev/vfio/devices/vfio0", group: "/dev/vfio/1" } },
    { nodes: { cdev: null, group: null } },
  ];
  const keys = others.map(key);
  assertEquals(new Set([key(), ...keys]).size, others.length + 1);
});

Deno.test("classKey() does not mix up one field's text with the next one's", () => {
  assertNotEquals(key({ parent: "a", type: "b,c" }), key({ parent: "a,b", type: "c" }));
});

Deno.test("classesOfType() has the class of a device that is created of the type", () => {
  assert(classesOfType(mttyType(), "mtty").map(classKey).includes(key()));
});

Deno.test("isSibling() is true on another parent with the same load of the driver", () => {
  const own = classOfDevice(mttyDevice());
  assert(isSibling(key({ parent: "another" }), own));
  assert(!isSibling(key({ driver: { ...DRIVER, srcversion: "0" } }), own));
  assert(!isSibling(key({ driver: { ...DRIVER, load: "17" } }), own));
  assert(!isSibling(key({ type: "mtty-1" }), own));
});

Deno.test("deviceKey() changes with each binding of a device to its driver", () => {
  const bound = (bound: string | null) => deviceKey(mttyDevice({ bound }));
  assertEquals(new Set([bound("5"), bound("6"), bound(null)]).size, 3);
  assertEquals(bound("5"), bound("5"));
});

Deno.test("isOfOtherLoad() is true only for an earlier load of the same driver", () => {
  const now = classOfDevice(mttyDevice({ driver: { ...DRIVER, load: "18" } }));
  assert(isOfOtherLoad(key({ driver: { ...DRIVER, load: "17" } }), now));
  assert(!isOfOtherLoad(key({ driver: { ...DRIVER, load: "18" } }), now));
  for (const change of [{ parent: "mtty2" }, { type: "mtty-1" }, { driver: null }]) {
    assert(!isOfOtherLoad(key(change), now));
  }
});
