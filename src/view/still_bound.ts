import { join } from "@std/path";
import type { Device, Snapshot } from "../documents/mod.ts";
import { type HostRoots, readBinding } from "../host/mod.ts";
import { classOfDevice } from "../state/mod.ts";

/**
 * Whether no driver was reloaded since a snapshot, as one device of each shows: a driver that goes lets go of all its
 * devices. Source: `<device>/driver`, see {@link readBinding}; a few stats, so that each answer can afford it.
 */
export function isStillBound({ sys }: HostRoots, { devices }: Snapshot): boolean {
  return oneOfEachDriver(devices).every(({ sysfs, bound }) =>
    readBinding(join(sys, sysfs.slice("/sys".length))) === (bound ?? null)
  );
}

/** The devices of a snapshot never change, so that they are read through but once. */
const KNOWN = new WeakMap<readonly Device[], readonly Device[]>();

function oneOfEachDriver(devices: readonly Device[]): readonly Device[] {
  const known = KNOWN.get(devices);
  if (known !== undefined) return known;
  const oneOfEach = new Map<string, Device>();
  for (const device of devices) {
    const { driver, loads } = classOfDevice(device);
    oneOfEach.set(`${driver} ${loads}`, device);
  }
  const found = [...oneOfEach.values()];
  KNOWN.set(devices, found);
  return found;
}
