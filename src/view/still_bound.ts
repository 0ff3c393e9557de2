import { join } from "@std/path";
import type { Device, Snapshot } from "../documents/mod.ts";
import { type HostRoots, readBinding } from "../host/mod.ts";
import { classOfDevice } from "../state/mod.ts";

/**
 * Whether no driver was reloaded since a snapshot. Checks one device of each driver, because an unloaded driver
 * releases all its devices. Source: `<device>/driver`, see {@link readBinding}. A few stat(2) calls: cheap enough for
 * every answer.
 */
export function isStillBound({ sys }: HostRoots, { devices }: Snapshot): boolean {
  return oneOfEachDriver(devices).every(({ sysfs, bound }) =>
    readBinding(join(sys, sysfs.slice("/sys".length))) === (bound ?? null)
  );
}

/** One device of each driver, by list of devices. Such a list never changes, so each is searched only once. */
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
