import type { Device, DeviceType, Driver } from "../identity/mod.ts";

/** What one device of a class says holds for the others, within one boot of one host. */
export interface DeviceClass {
  driver: string;
  /** The build of its module, or null where it is part of the kernel. */
  srcversion: string | null;
  parent: string | null;
  type: string;
  binding: "cdev" | "group" | "none";
}

/** The class of a device. */
export function classOfDevice(
  device: Pick<Device, "driver" | "parent" | "type" | "nodes">,
): DeviceClass {
  const { cdev, group } = device.nodes;
  return {
    ...driverOf(device.driver),
    parent: device.parent,
    type: device.type,
    binding: cdev !== null ? "cdev" : group !== null ? "group" : "none",
  };
}

/** The classes that a device made of a type could have, however it came to be opened. */
export function classesOfType(
  type: Pick<DeviceType, "driver" | "type">,
  parent: string,
): DeviceClass[] {
  return (["cdev", "group"] as const).map((binding) => ({
    ...driverOf(type.driver),
    parent,
    type: type.type,
    binding,
  }));
}

/** One text for a class, alike for alike classes. */
export function classKey({ driver, srcversion, parent, type, binding }: DeviceClass): string {
  return JSON.stringify([driver, srcversion, parent, type, binding]);
}

/** One text for a device as what it is now: bound to another driver it is another. */
export function deviceKey(
  device: Pick<Device, "id" | "driver" | "parent" | "type" | "nodes">,
): string {
  return `${device.id} ${classKey(classOfDevice(device))}`;
}

/** The same class but for the parent and the binding: another card with the same build of the driver. */
export function isSibling(key: string, { driver, srcversion, type }: DeviceClass): boolean {
  const [d, s, , t] = JSON.parse(key);
  return d === driver && s === srcversion && t === type;
}

function driverOf(driver: Driver | null): { driver: string; srcversion: string | null } {
  return { driver: driver?.name ?? "", srcversion: driver?.srcversion ?? driver?.version ?? null };
}
