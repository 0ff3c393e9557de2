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

/** Who declares what. Of two readers that give a fact of one name the later counts; none do now. */
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
 * What a device declares beside its type and driver. A fact that its kind has not is missing; one that the
 * kernel does not tell, or refuses to, is null.
 *
 * Source: each entry of {@link READERS}. `path` is the device's directory, as `listVfioDevices` gives it. One
 * `cache` for a whole scan saves reading what belongs to a parent again for each of its devices.
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
 * What a device of a type would declare on its parent, and what the type itself does: an mdev type, or a vGPU
 * type of an SR-IOV function.
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
