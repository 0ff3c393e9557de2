import type { SysfsDevice } from "../device.ts";
import type { MdevType } from "../mdev_types.ts";
import type { HostRoots } from "../roots.ts";
import type { ScanCache } from "../scan_cache.ts";
import { AP_MATRIX, AP_QUEUES } from "./ap.ts";
import { CCW } from "./ccw.ts";
import type { Facts } from "./fact.ts";
import { HISILICON } from "./hisilicon.ts";
import { NVIDIA_HOST, NVIDIA_VGPU } from "./nvidia.ts";
import { PARENT } from "./parent.ts";
import { QAT } from "./qat.ts";
import { RDMA } from "./rdma.ts";
import { type FactReader, readFacts } from "./reader.ts";
import {
  subjectOfDevice,
  subjectOfMdevType,
  subjectOfVgpuType,
  type VgpuTypeOfFunction,
} from "./subject.ts";
import { TYPE_NAME } from "./type_name.ts";
import { XE } from "./xe.ts";

/** All readers. If two readers return a fact of the same name, the later one wins. None do today. */
export const READERS: readonly FactReader[] = [
  PARENT,
  TYPE_NAME,
  RDMA,
  QAT,
  HISILICON,
  XE,
  NVIDIA_HOST,
  NVIDIA_VGPU,
  AP_MATRIX,
  AP_QUEUES,
  CCW,
];

/**
 * The facts of a device besides its type and driver. A fact that does not apply to its kind is missing. A fact that the
 * kernel does not report or refuses is null.
 *
 * Source: each entry of {@link READERS}. `path` is the device's directory, as `listVfioDevices` returns it. Use one
 * `cache` for a whole scan: what belongs to a parent is then read once for all its devices.
 */
export function readDeviceFacts(
  roots: HostRoots,
  device: SysfsDevice,
  path: string,
  cache: ScanCache = new Map(),
): Facts {
  return readFacts(READERS, subjectOfDevice(roots, { device, path, cache }));
}

/**
 * The facts of an mdev type, or of a vGPU type of an SR-IOV function: those of the type itself, and those that a device
 * of it would have on its parent.
 */
export function readTypeFacts(
  roots: HostRoots,
  type: MdevType | VgpuTypeOfFunction,
  cache: ScanCache = new Map(),
): Facts {
  const subject = "function" in type
    ? subjectOfVgpuType(roots, { type, cache })
    : subjectOfMdevType(roots, { type, cache });
  return { typeName: type.name, ...readFacts(READERS, subject) };
}
