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

/** The subject of facts: a device, or a type of which devices can be created. */
export interface FactSubject {
  roots: HostRoots;
  cache: ScanCache;
  kind: DeviceKind;
  /** Its transparent type. */
  type: string;
  /** The bound driver, with `_` for `-`, as modules write it. */
  driver: string | null;
  /** Its own name and directory. Null for a type. */
  device: { id: string; path: string } | null;
  /** The directory of its mdev type, or null. */
  typePath: string | null;
  /** The parent of an mdev, or the physical function of a virtual one. */
  parent: { id: string; path: string; driver: Driver | null } | null;
  /** For an SR-IOV function that can be a vGPU: its current state. */
  vgpu: NvidiaVgpu | null;
}

/** A device as a subject. `path` is its directory, with links followed. */
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

/** A vGPU type as a subject: the future device on its function. The parent is the physical function. */
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
