import type { Bytes } from "../../../ffi/syscalls.ts";
import type { SimulatedDevice, SimulatedMdevType } from "../scenario.ts";
import { mdev } from "../hosts/device_parts.ts";
import { groupNode } from "../topology.ts";
import { plantMdev, uprootMdev } from "../tree/plant_mdev.ts";
import { addDevice } from "./boot_kernel.ts";
import type { Kernel, OpenFile } from "./kernel.ts";
import { refuse } from "./refusal.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n?$/i;

/**
 * Opens `create` of a type. The written text is the name of the new mdev.
 *
 * Source: `create_store()` and `mdev_device_create()` in drivers/vfio/mdev of Linux 6.12: EINVAL if it is no UUID,
 * EEXIST, and ENOSPC, mtty's errno when it is full.
 */
export function openCreate(kernel: Kernel, parent = "", name = ""): OpenFile {
  const device = kernel.scenario.devices.find(({ id }) => id === parent) ?? refuse("ENOENT");
  const type = device.mdevTypes.find((found) => found.type === name) ?? refuse("ENOENT");
  return attribute((text) => {
    if (!UUID.test(text)) refuse("EINVAL");
    makeMdev(kernel, device, type, text.trim());
  });
}

/** Opens `remove` of an mdev. A real kernel waits until the mdev is closed. This one cannot wait, and throws. */
export function openRemove(kernel: Kernel, id = ""): OpenFile {
  const planted = kernel.scenario.devices.find((device) =>
    device.id === id && device.mdevType !== null
  );
  const device = kernel.made.get(id) ?? planted ?? refuse("ENOENT");
  const cdev = `vfio${device.vfio?.index}`;
  if (!kernel.devices.has(cdev)) refuse("ENOENT");
  return attribute((text) => {
    if (!/^\d+\n?$/.test(text)) refuse("EINVAL");
    const { openCount } = kernel.devices.get(cdev) ?? refuse("ENODEV");
    if (openCount > 0) throw new Error(`${id} is removed while it is open`);
    kernel.made.delete(id);
    kernel.devices.delete(cdev);
    kernel.groups.delete(groupNode(device));
    uprootMdev(kernel.roots, kernel.scenario, device);
  });
}

function attribute(store: (text: string) => void): OpenFile {
  return {
    ioctl: () => refuse("ENOTTY"),
    write(buffer: Bytes) {
      store(new TextDecoder().decode(buffer));
      return buffer.length;
    },
  };
}

/** Creates an mdev as the type's driver does, with the next free group and cdev numbers. */
function makeMdev(
  kernel: Kernel,
  parent: SimulatedDevice,
  { type, makes, availableInstances }: SimulatedMdevType,
  id: string,
): void {
  const { scenario, made, devices, groups } = kernel;
  if (devices.values().some((device) => device.id === id)) refuse("EEXIST");
  const ofType = made.values().filter(({ mdevType }) => mdevType === type).toArray();
  if (makes === undefined || ofType.length >= availableInstances) return refuse("ENOSPC");
  const after = (names: Iterable<string>) =>
    Math.max(...Array.from(names, (name) => Number(name.replace(/^\D+/, ""))), -1) + 1;
  const iommuGroup = after(groups.keys());
  const vfio = { ...makes.vfio, index: after(devices.keys()) };
  const device = mdev(parent, { id, iommuGroup, type }, { driver: makes.driver, vfio });
  made.set(id, device);
  addDevice(kernel, device);
  plantMdev(kernel.roots, scenario, device);
}
