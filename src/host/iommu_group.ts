import { join } from "@std/path";
import { lastPart, namesIn, readAttribute, readLink } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";
import { remembered, type ScanCache } from "./scan_cache.ts";

/** An IOMMU group: its number, and its name and domain type if the kernel reports them. */
export interface IommuGroup {
  id: string;
  name: string | null;
  type: string | null;
}

/**
 * The IOMMU group of a device, or null.
 *
 * Source: `<device>/iommu_group`, `/sys/kernel/iommu_groups/N/{name,type}`. Some kernels name an mdev's group
 * `vfio-noiommu` although that mode is off. The node in `/dev/vfio` is reliable.
 */
export function readIommuGroup(
  { sys }: HostRoots,
  device: string,
  cache: ScanCache = new Map(),
): IommuGroup | null {
  const link = readLink(`${device}/iommu_group`);
  if (link === null) return null;
  const id = lastPart(link);
  return remembered(cache, `group ${id}`, () => {
    const path = join(sys, "kernel/iommu_groups", id);
    const names = namesIn(path);
    const read = (name: string) => names.has(name) ? readAttribute(`${path}/${name}`) : null;
    return { id, name: read("name"), type: read("type") };
  });
}
