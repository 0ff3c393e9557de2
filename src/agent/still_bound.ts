import { join } from "@std/path";
import type { Device, Snapshot } from "../identity/mod.ts";
import { type HostRoots, readBinding } from "../sysfs/mod.ts";
import { classOfDevice } from "./device_class.ts";

/**
 * Whether no driver was reloaded since a snapshot, as one device of each shows: a driver that goes lets go of all its
 * devices. Source: `<device>/driver`, see {@link readBinding}; a few stats, so that each answer can afford it.
 */
export function isStillBound({ sys }: HostRoots, { devices }: Snapshot): boolean {
  const oneOfEach = new Map<string, Device>();
  for (const device of devices) {
    const { driver, loads } = classOfDevice(device);
    oneOfEach.set(`${driver} ${loads}`, device);
  }
  return oneOfEach.values().every(({ sysfs, bound }) =>
    readBinding(join(sys, sysfs.slice("/sys".length))) === (bound ?? null)
  );
}
