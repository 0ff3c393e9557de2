import { Failure } from "../documents/mod.ts";
import { lastPart } from "./attribute.ts";
import { readDevice, type SysfsDevice } from "./device.ts";
import type { HostRoots } from "./roots.ts";
import { walkVfioDevices } from "./vfio_devices.ts";

/** Finds a VFIO device by its name in sysfs. Throws a {@link Failure} with a remedy if it does not exist. */
export function findDevice(roots: HostRoots, id: string): SysfsDevice {
  for (const found of walkVfioDevices(roots)) {
    if (found !== null && lastPart(found.path) === id) return readDevice(roots, found);
  }
  throw new Failure("not-found", `Cannot find a VFIO device named ${id}`, {
    subject: id,
    remedy: "Run vfio-ask devices to see all names.",
  });
}
