import { join } from "@std/path";
import { lastPart, listDirectory, readAttribute, readLink } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";

/** The name of the groups that VFIO makes up for devices that no IOMMU translates, mdevs among them. */
const MADE_UP = "vfio-noiommu";

/** What there is of IOMMUs. */
export interface Iommu {
  /** The units that translate: `dmar0`, `ivhd0`, `smmu3.0x…`. */
  units: string[];
  /** Whether some device is in a group that an IOMMU made. */
  groups: boolean;
}

/**
 * Whether an IOMMU is on.
 *
 * Source: `/sys/class/iommu`, `/sys/kernel/iommu_groups/N/name`. Not every driver of an IOMMU registers units, so
 * that a group is as good a sign.
 */
export function readIommu({ sys }: HostRoots): Iommu {
  const units = listDirectory(join(sys, "class/iommu"));
  const groups = join(sys, "kernel/iommu_groups");
  const isReal = (id: string) => readAttribute(join(groups, id, "name")) !== MADE_UP;
  return { units, groups: listDirectory(groups).some(isReal) };
}

/** A device in an IOMMU group, and what it is bound to. */
export interface GroupMember {
  id: string;
  driver: string | null;
}

/** Who is in an IOMMU group, in the order of names. Source: `/sys/kernel/iommu_groups/N/devices`. */
export function readGroupMembers({ sys }: HostRoots, id: string): GroupMember[] {
  const devices = join(sys, "kernel/iommu_groups", id, "devices");
  return listDirectory(devices).map((name) => {
    const driver = readLink(join(devices, name, "driver"));
    return { id: name, driver: driver === null ? null : lastPart(driver) };
  });
}
