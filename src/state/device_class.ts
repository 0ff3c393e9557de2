import type { Device, DeviceType, Driver } from "../documents/mod.ts";

/** A class of devices. The answer of one device is valid for the others, within one load of their drivers. */
export interface DeviceClass {
  driver: string;
  /** The build of its module; null if it is built into the kernel. */
  srcversion: string | null;
  /** The loads of the driver and of the parent's driver. Two loads of one build can have different parameters. */
  loads: string;
  parent: string | null;
  type: string;
  binding: "cdev" | "group" | "none";
}

type Drivers = Pick<Device, "driver" | "parentDriver">;

/** The part of a device that identifies it and its class. */
export type KeyedDevice =
  & Drivers
  & Pick<Device, "id" | "bound" | "parent" | "type">
  & { nodes: { cdev: string | null; group: string | null } };

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

/** The possible classes of a device that is created of a type: one for each way to open it. */
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

/** A key for a class. Equal classes have equal keys. */
export function classKey(
  { driver, srcversion, loads, parent, type, binding }: DeviceClass,
): string {
  return JSON.stringify([driver, srcversion, parent, type, binding, loads]);
}

/** A key for a device in its current binding. It changes when the device is bound again or to another driver. */
export function deviceKey(device: KeyedDevice): string {
  return `${device.id} ${device.bound ?? "-"} ${classKey(classOfDevice(device))}`;
}

/** Whether a key is of the same class except for the parent and the binding: another card, same load of the driver. */
export function isSibling(key: string, { driver, srcversion, loads, type }: DeviceClass): boolean {
  const [d, s, , t, , l] = JSON.parse(key);
  return d === driver && s === srcversion && t === type && l === loads;
}

/** Whether a key is of an earlier load of the same driver. A driver can only be loaded once at a time. */
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
