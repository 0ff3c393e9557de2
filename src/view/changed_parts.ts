import { join } from "@std/path";
import { type HostRoots, lastPart, readLink, type SysfsDevice } from "../host/mod.ts";

/** The parts of a host that changed paths name. It may name more than have changed, never fewer. */
export interface ChangedParts {
  /** The directories that may have become VFIO devices. */
  directories: string[];
  /** Whether to read a known device again. */
  hasDevice(device: Pick<SysfsDevice, "id" | "parent" | "iommuGroup">): boolean;
  /** Those of all parents of mdevs whose types must be read again. */
  parentsOf(parents: readonly string[]): ReadonlySet<string>;
}

/** The directory below `/sys` of the nodes of groups, one directory for each. */
const GROUPS = "/devices/virtual/vfio";

/**
 * The parts that paths of events name. A device changes with a path at or below its directory, with its parent, and
 * with the node of its group. The types of a parent change with its mdevs, and with the mdevs of the other virtual
 * functions of its physical function, which share its resources. Reads only the links `physfn` of parents.
 */
export function changedParts({ sys }: HostRoots, paths: ReadonlySet<string>): ChangedParts {
  const names = new Set<string>();
  const ends = new Set<string>();
  const groups = new Set<string>();
  for (const path of paths) {
    const parts = path.split("/");
    for (const part of parts) names.add(part);
    ends.add(parts.at(-1)!);
    if (path.startsWith(`${GROUPS}/`)) groups.add(parts.at(-1)!.replace("noiommu-", ""));
  }
  const physfnOf = (parent: string) =>
    lastPart(readLink(join(sys, "class/mdev_bus", parent, "physfn")) ?? "");
  return {
    directories: [...paths].map((path) => `${sys}${path}`),
    hasDevice: ({ id, parent, iommuGroup }) =>
      names.has(id) || (parent !== null && ends.has(parent)) ||
      (iommuGroup !== null && groups.has(iommuGroup.id)),
    parentsOf(parents) {
      const own = parents.filter((parent) => names.has(parent));
      const physfns = new Set(own.map(physfnOf).filter((name) => name !== ""));
      const related = physfns.size === 0
        ? []
        : parents.filter((parent) => physfns.has(physfnOf(parent)));
      return new Set([...own, ...related]);
    },
  };
}
