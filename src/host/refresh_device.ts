import type { SysfsDevice } from "./device.ts";
import { readBinding, readDriver } from "./driver.ts";
import { readNodeNames } from "./nodes.ts";
import type { HostRoots } from "./roots.ts";
import { remembered, type ScanCache } from "./scan_cache.ts";

/**
 * Whether a device can change while it stays bound, judging by the names in its directory. It must then be read in full
 * each time. What can change: the type of a vGPU, virtual functions, a version that the driver reports.
 */
export function canChangeWhileBound(
  { kind, version }: SysfsDevice,
  names: ReadonlySet<string>,
): boolean {
  return version !== null || names.has("vfio_migration_type") ||
    names.has("sriov_totalvfs") || (kind === "pci" && names.has("nvidia"));
}

/**
 * The device as it is now, or null if it must be read in full: it was rebound, or its nodes differ.
 *
 * `known` was read earlier, and {@link canChangeWhileBound} was false. While a device stays bound, its driver, ids,
 * group, mdev type and mdev parent do not change. The driver of a physical function may change under a virtual
 * function.
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
