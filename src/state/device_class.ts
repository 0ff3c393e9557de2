import type { Device, DeviceType, Driver } from "../documents/mod.ts";

/** What one device of a class says holds for the others, within one load of their drivers. */
export interface DeviceClass {
  driver: string;
  /** The build of its module, or null where it is part of the kernel. */
  srcversion: string | null;
  /** Which loads of the driver and of the parent's driver: those of one build can have other parameters. */
  loads: string;
  parent: string | null;
  type: string;
  binding: "cdev" | "group" | "none";
}

type Drivers = Pick<Device, "driver" | "parentDriver">;

/** As much of a device as tells its class, and which device of it. */
export type KeyedDevice =
  & Drivers
  & Pick<Device, "id" | "bound" | "parent" | "type">
  & { nodes: { cdev: string | null; group: string | null } };

/** The class of a device. */
export function classOfDevice(
  device: Pick<KeyedDevice, "driver" | "parentDriver" | "parent" | "type" | "nodes">,
): DeviceClass {
  const { cdev, group } = device.nodes;
  return {
    ...driverOf(device),
    parent: device.parent,
    type: device.type,
    binding: cdev !== null ? "cdev" : group !== null ? "group" : "none",
  };
}

/** The classes that a device made of a type could have, however it came to be opened. */
export function classesOfType(
  type: Drivers & Pick<DeviceType, "type">,
  parent: string,
): DeviceClass[] {
  return (["cdev", "group"] as const).map((binding) => ({
    ...driverOf(type),
    parent,
    type: type.type,
    binding,
  }));
}

/** One text for a class, alike for alike classes. */
export function classKey(
  { driver, srcversion, loads, parent, type, binding }: DeviceClass,
): string {
  return JSON.stringify([driver, srcversion, parent, type, binding, loads]);
}

/** One text for a device as what it is now: bound anew, or to another driver, it is another. */
export function deviceKey(device: KeyedDevice): string {
  return `${device.id} ${device.bound ?? "-"} ${classKey(classOfDevice(device))}`;
}

/** The same class but for the parent and the binding: another card with the same load of the driver. */
export function isSibling(key: string, { driver, srcversion, loads, type }: DeviceClass): boolean {
  const [d, s, , t, , l] = JSON.parse(key);
  return d === driver && s === srcversion && t === type && l === loads;
}

/** Whether a key is of a load of the same driver that is over: a driver is loaded once at a time. */
export function isOfOtherLoad(key: string, { driver, loads, parent, type }: DeviceClass): boolean {
  const [d, , p, t, , l] = JSON.parse(key);
  return d === driver && p === parent && t === type && l !== loads;
}

function driverOf(
  { driver, parentDriver }: Drivers,
): Pick<DeviceClass, "driver" | "srcversion" | "loads"> {
  const load = (of: Driver | null) => of?.load ?? "-";
  return {
    driver: driver?.name ?? "",
    srcversion: driver?.srcversion ?? driver?.version ?? null,
    loads: `${load(driver)} ${load(parentDriver)}`,
  };
}
