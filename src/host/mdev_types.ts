import { join } from "@std/path";
import type { Driver } from "../documents/mod.ts";
import {
  lastPart,
  listDirectory,
  namesIn,
  parseNumber,
  readAttribute,
  readLink,
} from "./attribute.ts";
import { readDriver, readModule } from "./driver.ts";
import type { HostRoots } from "./roots.ts";
import type { ScanCache } from "./scan_cache.ts";
import { readVersionAttribute, type VersionAttribute } from "./version_attribute.ts";

/** An mdev type of one parent, as seen in sysfs. */
export interface MdevType {
  type: string;
  parent: string;
  /** The kernel's name for the type's directory, under `/sys`. */
  path: string;
  name: string | null;
  description: string | null;
  deviceApi: string | null;
  /** The driver that its mdevs are bound to. Null before there is one. */
  driver: Driver | null;
  parentDriver: Driver | null;
  availableInstances: number | null;
  /** The mdevs of this type. */
  instances: string[];
  numaNode: number | null;
  version: VersionAttribute | null;
}

/** The devices on which mdevs can be created. Source: `/sys/class/mdev_bus`. */
export function listMdevParents({ sys }: HostRoots): string[] {
  return listDirectory(join(sys, "class/mdev_bus"));
}

/**
 * The types of one parent.
 *
 * Source: `/sys/class/mdev_bus/P/mdev_supported_types/T/{name,description,device_api,available_instances, devices}`;
 * `description` is optional. The types of a parent share `available_instances`: creating an mdev of one type reduces
 * all.
 */
export function readMdevTypes(
  roots: HostRoots,
  parent: string,
  cache: ScanCache = new Map(),
): MdevType[] {
  const device = join(roots.sys, "class/mdev_bus", parent);
  const types = join(device, "mdev_supported_types");
  const numaNode = parseNumber(readAttribute(join(device, "numa_node")));
  return listDirectory(types).map((type) => {
    const path = `${types}/${type}`;
    const names = namesIn(path);
    const read = (name: string) => names.has(name) ? readAttribute(`${path}/${name}`) : null;
    const instances = names.has("devices") ? listDirectory(`${path}/devices`) : [];
    return {
      type,
      parent,
      path,
      name: read("name"),
      description: read("description"),
      deviceApi: read("device_api"),
      driver: instances.length === 0 ? null : readDriver(`${device}/${instances[0]!}`, cache),
      parentDriver: readParentDriver(roots, { device, type }, cache),
      availableInstances: parseNumber(read("available_instances")),
      instances,
      numaNode,
      version: readVersionAttribute(path, "type", names),
    };
  });
}

/**
 * The driver that creates the mdevs of a type: the parent's driver. A parent on a virtual bus has no driver; then the
 * module that the type's name begins with.
 */
export function readParentDriver(
  roots: HostRoots,
  { device, type }: { device: string; type: string },
  cache: ScanCache = new Map(),
): Driver | null {
  return readDriver(device, cache) ?? readModule(roots, type.slice(0, type.indexOf("-")));
}

/** The type of an mdev, or null for any other device. Source: `<mdev>/mdev_type`. */
export function readMdevTypeName(device: string): string | null {
  const link = readLink(join(device, "mdev_type"));
  return link === null ? null : lastPart(link);
}
