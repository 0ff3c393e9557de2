import { join } from "@std/path";
import { compareText, DEVICE_KINDS, type DeviceKind } from "../documents/mod.ts";
import { lastPart, listDirectory, readLink, resolvePath } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";
import type { ScanCache } from "./scan_cache.ts";

/** The location of a VFIO device, before any attribute is read. */
export interface VfioDevicePath {
  kind: DeviceKind;
  /** Its directory, with links followed. */
  path: string;
}

/** Drivers that VFIO tolerates in a group although they are not VFIO drivers. */
const BYSTANDERS = new Set(["pcieport", "pci-stub", "shpchp"]);

/**
 * Every VFIO device of the host, on any bus, ordered by name.
 *
 * Source: `/sys/class/vfio-dev/vfioN/device` if the kernel has that class (since 6.1). Before, the devices of each bus
 * that are bound to a VFIO driver: every device on the mdev bus; elsewhere a driver with `vfio` in its name, or any
 * other driver whose IOMMU group has a node in `/dev/vfio`.
 *
 * ```ts
 * import { listVfioDevices, readDevice, THIS_HOST } from "./mod.ts";
 *
 * for (const found of listVfioDevices(THIS_HOST)) {
 *   const { id, driver, iommuGroup } = readDevice(THIS_HOST, found);
 *   console.log(id, driver?.name, iommuGroup?.id);
 * }
 * ```
 */
export function listVfioDevices(roots: HostRoots, cache: ScanCache = new Map()): VfioDevicePath[] {
  return inOrder([...walkVfioDevices(roots, cache)].filter((found) => found !== null));
}

/** Devices ordered by name. */
export function inOrder(devices: readonly VfioDevicePath[]): VfioDevicePath[] {
  return devices.toSorted((a, b) => compareText(lastPart(a.path), lastPart(b.path)));
}

/**
 * The devices of {@link listVfioDevices} in any order, one at a time. Yields null for each candidate that is not a VFIO
 * device.
 */
export function* walkVfioDevices(
  roots: HostRoots,
  cache: ScanCache = new Map(),
): Generator<VfioDevicePath | null> {
  let isAny = false;
  for (const found of walkClass(roots, cache)) {
    isAny ||= found !== null;
    yield found;
  }
  if (isAny) return;
  for (const kind of DEVICE_KINDS) yield* walkBus(roots, kind);
}

/** The VFIO device in a directory of a device, or null if it is none. By the same rules as {@link listVfioDevices}. */
export function findVfioDeviceAt(roots: HostRoots, path: string): VfioDevicePath | null {
  const kind = lastPart(readLink(`${path}/subsystem`) ?? "");
  if (!isDeviceKind(kind)) return null;
  const isOne = listDirectory(join(roots.sys, "class/vfio-dev")).length > 0
    ? listDirectory(`${path}/vfio-dev`).length > 0
    : isBoundToVfio(roots, kind, path);
  return isOne ? { kind, path } : null;
}

function* walkClass({ sys }: HostRoots, cache: ScanCache): Generator<VfioDevicePath | null> {
  const folder = join(sys, "class/vfio-dev");
  for (const name of listDirectory(folder)) {
    const path = followLink(folder, name, `/vfio-dev/${name}`) ??
      resolvePath(`${folder}/${name}/device`);
    if (path !== null) cache.set(`vfio-dev ${path}`, name);
    const kind = path === null ? "" : lastPart(readLink(`${path}/subsystem`) ?? "");
    yield path !== null && isDeviceKind(kind) ? { kind, path } : null;
  }
}

function* walkBus(roots: HostRoots, kind: DeviceKind): Generator<VfioDevicePath | null> {
  const bus = join(roots.sys, "bus", kind, "devices");
  for (const name of listDirectory(bus)) {
    const isOne = isBoundToVfio(roots, kind, `${bus}/${name}`);
    const path = isOne ? followLink(bus, name, "") ?? resolvePath(`${bus}/${name}`) : null;
    yield path === null ? null : { kind, path };
  }
}

/**
 * The target of a link in a folder of a bus or class, without its suffix `end`. Null if there is no such link.
 *
 * Source: `sysfs_create_link` of Linux: such a link goes up and then down to a directory by its real path, so its text
 * needs no resolving.
 */
function followLink(folder: string, name: string, end: string): string | null {
  const link = readLink(`${folder}/${name}`);
  if (link === null || link.startsWith("/") || !link.endsWith(end)) return null;
  let [above, below] = [folder, link.slice(0, link.length - end.length)];
  while (below.startsWith("../")) {
    above = above.slice(0, above.lastIndexOf("/"));
    below = below.slice("../".length);
  }
  return below.includes("../") ? null : `${above}/${below}`;
}

function isBoundToVfio(roots: HostRoots, kind: DeviceKind, path: string): boolean {
  const driver = lastPart(readLink(`${path}/driver`) ?? "");
  if (driver === "") return false;
  return kind === "mdev" || driver.includes("vfio") ||
    (!BYSTANDERS.has(driver) && hasNode(roots, path));
}

function hasNode({ dev }: HostRoots, path: string): boolean {
  const group = lastPart(readLink(`${path}/iommu_group`) ?? "");
  return group !== "" && resolvePath(join(dev, "vfio", group)) !== null;
}

function isDeviceKind(name: string): name is DeviceKind {
  return (DEVICE_KINDS as readonly string[]).includes(name);
}

/**
 * Whether the host has a device or a parent of mdevs with that name, VFIO or not. Costs a few stats.
 *
 * Source: `/sys/bus/<kind>/devices`, `/sys/class/mdev_bus`.
 */
export function isThere({ sys }: HostRoots, name: string): boolean {
  if (!isFileName(name)) return false;
  const folders = [...DEVICE_KINDS.map((kind) => `bus/${kind}/devices`), "class/mdev_bus"];
  return folders.some((folder) => readLink(join(sys, folder, name)) !== null);
}

/** The longest name of a file in bytes. Source: `NAME_MAX` of `<linux/limits.h>`. */
const NAME_MAX = 255;

/** Whether a file can have this name. */
function isFileName(name: string): boolean {
  const isOther = name.includes("/") || name.includes("\0") || ["", ".", ".."].includes(name);
  return !isOther && new TextEncoder().encode(name).length <= NAME_MAX;
}
