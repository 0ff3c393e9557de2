import type { SysfsDevice } from "./device.ts";
import { readBinding, readDriver } from "./driver.ts";
import { readNodeNames } from "./nodes.ts";
import type { HostRoots } from "./roots.ts";
import { remembered, type ScanCache } from "./scan_cache.ts";

/**
 * Whether something of a device can change while it stays bound, by the names in its directory, so that it must be read
 * whole each time: the type of a vGPU, virtual functions of its own, a version that a driver is asked for.
 */
export function canChangeWhileBound(
  { kind, version }: SysfsDevice,
  names: ReadonlySet<string>,
): boolean {
  return version !== null || names.has("vfio_migration_type") ||
    names.has("sriov_totalvfs") || (kind === "pci" && names.has("nvidia"));
}

/**
 * A device as it is now, null where it must be read whole: it is bound anew, or its nodes are others.
 *
 * `known` was read earlier, and {@link canChangeWhileBound} said no. While a device stays bound, what it is bound to, its ids, its
 * group, its mdev type and the device that an mdev was made on stay as they are; the driver of a physical function may
 * change under a virtual one.
 */
export function refreshDevice(
  roots: HostRoots,
  { known, path, cache }: { known: SysfsDevice; path: string; cache: ScanCache },
): SysfsDevice | null {
  if (known.bound === null || readBinding(path) !== known.bound) return null;
  const nodes = readNodeNames(roots, path, known.iommuGroup?.id ?? null, cache);
  if (nodes.cdev !== known.nodes.cdev || nodes.group !== known.nodes.group) return null;
  if (known.kind === "mdev" || known.parent === null) return known;
  const parentDriver = remembered(
    cache,
    `driver of ${known.parent}`,
    () => readDriver(`${path}/physfn`, cache),
  );
  return { ...known, parentDriver };
}
