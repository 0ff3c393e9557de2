import { dirname, join } from "@std/path";
import { DEVICE_KINDS, type DeviceKind } from "../identity/mod.ts";
import { lastPart, listDirectory, readLink, resolvePath } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";
import type { ScanCache } from "./scan_cache.ts";

/** Where a VFIO device is, before anything is read of it. */
export interface VfioDevicePath {
  kind: DeviceKind;
  /** Its directory, links followed. */
  path: string;
}

/** Drivers that have a device to themselves in a group, as VFIO sees it, without being VFIO drivers. */
const BYSTANDERS = new Set(["pcieport", "pci-stub", "shpchp"]);

/**
 * Every VFIO device of the host, whatever its bus, in the order of its name.
 *
 * Source: `/sys/class/vfio-dev/vfioN/device` where the kernel has that class (since 6.1); before, the
 * devices of each bus that are bound to a VFIO driver: all of the mdev bus, else a driver with `vfio` in
 * its name, or any other whose IOMMU group has a node in `/dev/vfio`.
 */
export function listVfioDevices(roots: HostRoots, cache: ScanCache = new Map()): VfioDevicePath[] {
  const byClass = listByClass(roots, cache);
  const found = byClass.length > 0
    ? byClass
    : DEVICE_KINDS.flatMap((kind) => listByBus(roots, kind));
  return found.sort((a, b) => compareText(lastPart(a.path), lastPart(b.path)));
}

function listByClass({ sys }: HostRoots, cache: ScanCache): VfioDevicePath[] {
  const folder = join(sys, "class/vfio-dev");
  return listDirectory(folder).flatMap((name) => {
    const path = followLink(`${folder}/${name}`, `/vfio-dev/${name}`) ??
      resolvePath(`${folder}/${name}/device`);
    if (path === null) return [];
    cache.set(`vfio-dev ${path}`, name);
    const kind = lastPart(readLink(`${path}/subsystem`) ?? "");
    return isDeviceKind(kind) ? [{ kind, path }] : [];
  });
}

/**
 * Where a link of a bus or class leads, without the `end` that it has; null where there is no such link.
 *
 * Source: `sysfs_create_link` of Linux: such links are relative and lead to a directory by its own path, so that there
 * is nothing to resolve in what they say.
 */
function followLink(path: string, end: string): string | null {
  const link = readLink(path);
  if (link === null || link.startsWith("/") || !link.endsWith(end)) return null;
  return join(dirname(path), link.slice(0, link.length - end.length));
}

function listByBus(roots: HostRoots, kind: DeviceKind): VfioDevicePath[] {
  const bus = join(roots.sys, "bus", kind, "devices");
  return listDirectory(bus).flatMap((name) => {
    const driver = lastPart(readLink(`${bus}/${name}/driver`) ?? "");
    if (driver === "" || !isVfioDriver(driver, { kind, group: () => hasNode(roots, bus, name) })) {
      return [];
    }
    const path = followLink(`${bus}/${name}`, "") ?? resolvePath(`${bus}/${name}`);
    return path === null ? [] : [{ kind, path }];
  });
}

function isVfioDriver(
  driver: string,
  { kind, group }: { kind: DeviceKind; group: () => boolean },
): boolean {
  return kind === "mdev" || driver.includes("vfio") || (!BYSTANDERS.has(driver) && group());
}

function hasNode({ dev }: HostRoots, bus: string, name: string): boolean {
  const group = lastPart(readLink(join(bus, name, "iommu_group")) ?? "");
  return group !== "" && resolvePath(join(dev, "vfio", group)) !== null;
}

function isDeviceKind(name: string): name is DeviceKind {
  return (DEVICE_KINDS as readonly string[]).includes(name);
}

/**
 * Whether the host has a device of that name, be it a VFIO device or not, or a parent of mdevs: a few stats.
 *
 * Source: `/sys/bus/<kind>/devices`, `/sys/class/mdev_bus`.
 */
export function isThere({ sys }: HostRoots, name: string): boolean {
  if (name.includes("/") || name.includes("\0")) return false;
  const folders = [...DEVICE_KINDS.map((kind) => `bus/${kind}/devices`), "class/mdev_bus"];
  return folders.some((folder) => readLink(join(sys, folder, name)) !== null);
}

/** Orders text by code unit, the same everywhere. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
