import { dirname } from "@std/path";
import {
  type DeviceKind,
  deviceTypeName,
  type Driver,
  Failure,
  vgpuTypeName,
} from "../documents/mod.ts";
import { lastPart, namesIn, parseNumber, readAttribute } from "./attribute.ts";
import { readBinding, readDriver } from "./driver.ts";
import { type IommuGroup, readIommuGroup } from "./iommu_group.ts";
import { readMdevTypeName, readParentDriver } from "./mdev_types.ts";
import { type DeviceNodes, readNodes } from "./nodes.ts";
import { type NvidiaVgpu, readNvidiaVgpu } from "./nvidia_vgpu.ts";
import { type PciFunction, readPciFunction, readPhysicalFunction } from "./pci_function.ts";
import type { HostRoots } from "./roots.ts";
import { namesOfDevice, remembered, type ScanCache } from "./scan_cache.ts";
import {
  readMigrationType,
  readVersionAttribute,
  type VersionAttribute,
} from "./version_attribute.ts";
import type { VfioDevicePath } from "./vfio_devices.ts";

/** A VFIO device as seen in sysfs. */
export interface SysfsDevice {
  id: string;
  kind: DeviceKind;
  /** The kernel's name for its directory, under `/sys`. */
  sysfs: string;
  type: string;
  description: string;
  deviceApi: string | null;
  driver: Driver | null;
  /** Identifies this binding of the driver. */
  bound: string | null;
  /** The driver of the parent, which created the device. Null without a parent. */
  parentDriver: Driver | null;
  /** For an mdev, the device it was created on. For a virtual function, its physical function. */
  parent: string | null;
  modalias: string | null;
  pci: PciFunction | null;
  numaNode: number | null;
  iommuGroup: IommuGroup | null;
  nodes: DeviceNodes;
  vgpu: NvidiaVgpu | null;
  version: VersionAttribute | null;
  migrationType: string | null;
}

/** The device APIs of devices that are not mdevs. Source: `VFIO_DEVICE_API_*_STRING` in `<linux/vfio.h>`. */
const DEVICE_API: Readonly<Record<Exclude<DeviceKind, "mdev">, string>> = {
  pci: "vfio-pci",
  platform: "vfio-platform",
  amba: "vfio-amba",
  ccw: "vfio-ccw",
  ap: "vfio-ap",
  "fsl-mc": "vfio-fsl-mc",
  cdx: "vfio-cdx",
};

/**
 * Reads one VFIO device. Use one `cache` for a whole scan: what devices have in common is then read once. Throws if an
 * attribute that the kernel lists cannot be read, or if the device is being created or removed.
 */
export function readDevice(
  roots: HostRoots,
  { kind, path }: VfioDevicePath,
  cache: ScanCache = new Map(),
): SysfsDevice {
  const names = namesOfDevice(cache, path);
  const iommuGroup = names.has("iommu_group") ? readIommuGroup(roots, path, cache) : null;
  const isBound = names.has("driver");
  const shared = {
    id: lastPart(path),
    kind,
    sysfs: kernelPath(roots, path),
    driver: isBound ? readDriver(path, cache) : null,
    bound: isBound ? readBinding(path) : null,
    modalias: names.has("modalias") ? readAttribute(`${path}/modalias`) : null,
    iommuGroup,
    nodes: readNodes(roots, path, iommuGroup?.id ?? null, cache),
    version: readVersionAttribute(path, "device", names),
    migrationType: readMigrationType(path, names),
  };
  return kind === "mdev"
    ? readMdev(roots, shared, { path, cache })
    : readBusDevice({ ...shared, kind }, { path, names, cache });
}

type Shared<K extends DeviceKind> =
  & Pick<
    SysfsDevice,
    | "id"
    | "sysfs"
    | "driver"
    | "bound"
    | "modalias"
    | "iommuGroup"
    | "nodes"
    | "version"
    | "migrationType"
  >
  & { kind: K };

function readMdev(
  roots: HostRoots,
  shared: Shared<"mdev"> | Shared<DeviceKind>,
  { path, cache }: { path: string; cache: ScanCache },
): SysfsDevice {
  const parent = dirname(path);
  // The link is created after the device and removed before it. Source: `mdev_device_create` in drivers/vfio/mdev of
  // Linux 6.12.
  const type = readMdevTypeName(path) ?? notWhole(shared.id, "has no type");
  const parentDriver = readParentDriver(roots, { device: parent, type }, cache);
  // After a reload of the driver the type counts as a different one, even within one scan.
  const { name, about, deviceApi, version } = remembered(
    cache,
    `mdev type ${parent} ${type} ${parentDriver?.load}`,
    () => readTypeOfMdev(`${path}/mdev_type`),
  );
  const vendor = shared.driver?.name ?? type.split("-")[0]!;
  return {
    ...shared,
    version: shared.version ?? (version === null ? null : versionOf(path, version)),
    type,
    parentDriver,
    description: `${vendor}: ${name ?? type}${about === null ? "" : `, ${oneLine(about)}`}`,
    deviceApi,
    parent: lastPart(parent),
    pci: null,
    numaNode: remembered(
      cache,
      `numa node ${parent}`,
      () => parseNumber(readAttribute(`${parent}/numa_node`)),
    ),
    vgpu: null,
  };
}

/** For a device that is created or removed during the read. What it lacks now says nothing about what it can take. */
function notWhole(id: string, what: string): never {
  throw new Failure("not-found", `${id} ${what}: it is being created or removed`, {
    subject: id,
    remedy: "Ask again.",
  });
}

/** What an mdev inherits from its type. */
function readTypeOfMdev(path: string) {
  const names = namesIn(path);
  const read = (name: string) => names.has(name) ? readAttribute(`${path}/${name}`) : null;
  return {
    name: read("name"),
    about: read("description"),
    deviceApi: read("device_api"),
    version: readVersionAttribute(path, "type", names),
  };
}

/** The version attribute of an mdev's type, with its path through the mdev. */
function versionOf(path: string, version: VersionAttribute): VersionAttribute {
  return { ...version, path: `${path}/mdev_type/${lastPart(version.path)}` };
}

function readBusDevice(
  shared: Shared<Exclude<DeviceKind, "mdev">>,
  { path, names, cache }: { path: string; names: ReadonlySet<string>; cache: ScanCache },
): SysfsDevice {
  const { kind, driver, modalias } = shared;
  const pci = kind === "pci" ? readPciFunction(path, names) : null;
  const parent = kind === "pci" ? readPhysicalFunction(path, names) : null;
  const vgpu = kind === "pci" ? readNvidiaVgpu(path, names) : null;
  const name = driver?.name ?? notWhole(shared.id, "has no driver");
  return {
    ...shared,
    type: vgpu?.current ? vgpuTypeName(vgpu.current) : deviceTypeName(name, modalias ?? shared.id),
    description: `${name}: ${describe(kind, pci, parent)}`,
    deviceApi: DEVICE_API[kind],
    parent,
    parentDriver: parent === null ? null : readDriver(`${path}/physfn`, cache),
    pci,
    numaNode: names.has("numa_node") ? parseNumber(readAttribute(`${path}/numa_node`)) : null,
    vgpu,
  };
}

function describe(kind: DeviceKind, pci: PciFunction | null, parent: string | null): string {
  if (pci === null) return `${kind} device`;
  const ids = `${pci.vendor}:${pci.device}`;
  return parent === null ? `physical function ${ids}` : `virtual function ${ids} of ${parent}`;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ", ");
}

/** The path under `/sys`, for any mount point of the tree and any path that leads to it. */
export function kernelPath({ sys }: HostRoots, path: string): string {
  if (path.startsWith(`${sys}/`)) return `/sys${path.slice(sys.length)}`;
  const root = Deno.realPathSync(sys);
  return path.startsWith(`${root}/`) ? `/sys${path.slice(root.length)}` : path;
}
