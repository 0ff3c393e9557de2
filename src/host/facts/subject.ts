import { dirname, join } from "@std/path";
import { type DeviceKind, type Driver, vgpuTypeName } from "../../documents/mod.ts";
import type { SysfsDevice } from "../device.ts";
import type { MdevType } from "../mdev_types.ts";
import type { CreatableVgpuType, NvidiaVgpu } from "../nvidia_vgpu.ts";
import type { HostRoots } from "../roots.ts";
import type { ScanCache } from "../scan_cache.ts";

/** A vGPU type that an SR-IOV function can be given. */
export interface VgpuTypeOfFunction extends CreatableVgpuType {
  function: SysfsDevice;
}

/** What facts are read of: a device, or a type that devices can be made of. */
export interface FactSubject {
  roots: HostRoots;
  cache: ScanCache;
  kind: DeviceKind;
  /** Its transparent type. */
  type: string;
  /** The driver that it is bound to, with `_` for `-` as modules write it. */
  driver: string | null;
  /** Its own name and directory; null for a type, of which there is no device yet. */
  device: { id: string; path: string } | null;
  /** Where its mdev type lies; null where it has none. */
  typePath: string | null;
  /** What it is made on: an mdev's parent, or a virtual function's physical one. */
  parent: { id: string; path: string; driver: Driver | null } | null;
  /** Of an SR-IOV function that can be a vGPU, what it is now. */
  vgpu: NvidiaVgpu | null;
}

/** A device as a subject; `path` is its directory, links followed. */
export function subjectOfDevice(
  roots: HostRoots,
  { device, path, cache }: { device: SysfsDevice; path: string; cache: ScanCache },
): FactSubject {
  const { id, kind, type, vgpu, parent, parentDriver } = device;
  const isMdev = kind === "mdev";
  const parentPath = isMdev ? dirname(path) : `${path}/physfn`;
  return {
    roots,
    cache,
    kind,
    type,
    driver: moduleName(device.driver),
    device: { id, path },
    typePath: isMdev ? `${parentPath}/mdev_supported_types/${type}` : null,
    parent: parent === null ? null : { id: parent, path: parentPath, driver: parentDriver },
    vgpu,
  };
}

/** An mdev type of a parent as a subject. */
export function subjectOfMdevType(
  roots: HostRoots,
  { type, cache }: { type: MdevType; cache: ScanCache },
): FactSubject {
  const path = join(roots.sys, "class/mdev_bus", type.parent);
  return {
    roots,
    cache,
    kind: "mdev",
    type: type.type,
    driver: moduleName(type.driver),
    device: null,
    typePath: type.path,
    parent: { id: type.parent, path, driver: type.parentDriver },
    vgpu: null,
  };
}

/** A vGPU type as a subject: what it would be on its function, whose parent is the physical one. */
export function subjectOfVgpuType(
  roots: HostRoots,
  { type, cache }: { type: VgpuTypeOfFunction; cache: ScanCache },
): FactSubject {
  const device = type.function;
  const path = join(roots.sys, device.sysfs.slice("/sys".length));
  const subject = subjectOfDevice(roots, { device, path, cache });
  return { ...subject, type: vgpuTypeName(type.id), device: null, vgpu: null };
}

function moduleName(driver: Driver | null): string | null {
  return driver?.name.replaceAll("-", "_") ?? null;
}
