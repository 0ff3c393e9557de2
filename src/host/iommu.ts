import { join } from "@std/path";
import { lastPart, listDirectory, readAttribute, readLink } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";

/** The name of groups that VFIO creates itself for devices that no IOMMU translates, such as mdevs. */
const MADE_UP = "vfio-noiommu";

/** The IOMMUs of the host. */
export interface Iommu {
  /** The units that translate: `dmar0`, `ivhd0`, `smmu3.0x…`. */
  units: string[];
  /** Whether any device is in a group created by an IOMMU. */
  groups: boolean;
}

/**
 * Whether an IOMMU is on.
 *
 * Source: `/sys/class/iommu`, `/sys/kernel/iommu_groups/N/name`. Some IOMMU drivers register no units, so groups count
 * as evidence too.
 */
export function readIommu({ sys }: HostRoots): Iommu {
  const units = listDirectory(join(sys, "class/iommu"));
  const groups = join(sys, "kernel/iommu_groups");
  const isReal = (id: string) => readAttribute(join(groups, id, "name")) !== MADE_UP;
  return { units, groups: listDirectory(groups).some(isReal) };
}

/** A device in an IOMMU group, and its driver. */
export interface GroupMember {
  id: string;
  driver: string | null;
}

/** The members of an IOMMU group, ordered by name. Source: `/sys/kernel/iommu_groups/N/devices`. */
export function readGroupMembers({ sys }: HostRoots, id: string): GroupMember[] {
  const devices = join(sys, "kernel/iommu_groups", id, "devices");
  return listDirectory(devices).map((name) => {
    const driver = readLink(join(devices, name, "driver"));
    return { id: name, driver: driver === null ? null : lastPart(driver) };
  });
}
