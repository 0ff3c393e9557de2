import { join } from "@std/path";
import type { Driver } from "../identity/mod.ts";
import { lastPart, listDirectory, parseNumber, readAttribute, readLink } from "./attribute.ts";
import { readDriver, readModule } from "./driver.ts";
import type { HostRoots } from "./roots.ts";
import { readVersionAttribute, type VersionAttribute } from "./version_attribute.ts";

/** An mdev type of one parent, as sysfs has it. */
export interface MdevType {
  type: string;
  parent: string;
  /** The type's directory as the kernel names it, under `/sys`. */
  path: string;
  name: string | null;
  description: string | null;
  deviceApi: string | null;
  /** The driver that its mdevs are bound to, null before there is one. */
  driver: Driver | null;
  parentDriver: Driver | null;
  availableInstances: number | null;
  /** The mdevs made of it. */
  instances: string[];
  numaNode: number | null;
  version: VersionAttribute | null;
}

/** The devices that mdevs can be made on. Source: `/sys/class/mdev_bus`. */
export function listMdevParents({ sys }: HostRoots): string[] {
  return listDirectory(join(sys, "class/mdev_bus"));
}

/**
 * The types of one parent.
 *
 * Source: `/sys/class/mdev_bus/P/mdev_supported_types/T/{name,description,device_api,available_instances,
 * devices}`; `description` is optional. `available_instances` is shared among a parent's types: making one
 * of any takes from all.
 */
export function readMdevTypes(roots: HostRoots, parent: string): MdevType[] {
  const device = join(roots.sys, "class/mdev_bus", parent);
  const types = join(device, "mdev_supported_types");
  const numaNode = parseNumber(readAttribute(join(device, "numa_node")));
  return listDirectory(types).map((type) => {
    const path = join(types, type);
    const instances = listDirectory(join(path, "devices"));
    return {
      type,
      parent,
      path,
      name: readAttribute(join(path, "name")),
      description: readAttribute(join(path, "description")),
      deviceApi: readAttribute(join(path, "device_api")),
      driver: instances.length === 0 ? null : readDriver(join(device, instances[0]!)),
      parentDriver: readParentDriver(roots, { device, type }),
      availableInstances: parseNumber(readAttribute(join(path, "available_instances"))),
      instances,
      numaNode,
      version: readVersionAttribute(path, "type"),
    };
  });
}

/**
 * The driver that makes a type's mdevs: the parent's, or the module that the type's name begins with where
 * the parent is on a virtual bus and has none.
 */
export function readParentDriver(
  roots: HostRoots,
  { device, type }: { device: string; type: string },
): Driver | null {
  return readDriver(device) ?? readModule(roots, type.slice(0, type.indexOf("-")));
}

/** The type of an mdev, null for a device that is none. Source: `<mdev>/mdev_type`. */
export function readMdevTypeName(device: string): string | null {
  const link = readLink(join(device, "mdev_type"));
  return link === null ? null : lastPart(link);
}
