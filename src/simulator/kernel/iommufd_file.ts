import {
  IOMMU_DESTROY,
  iommu_destroy,
  IOMMU_GET_HW_INFO,
  IOMMU_HW_CAP_DIRTY_TRACKING,
  iommu_hw_info,
  IOMMU_HWPT_ALLOC,
  iommu_hwpt_alloc,
  IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
  IOMMU_HWPT_DIRTY_TRACKING_ENABLE,
  IOMMU_HWPT_GET_DIRTY_BITMAP,
  iommu_hwpt_get_dirty_bitmap,
  IOMMU_HWPT_SET_DIRTY_TRACKING,
  iommu_hwpt_set_dirty_tracking,
  IOMMU_IOAS_ALLOC,
  iommu_ioas_alloc,
  IOMMU_IOAS_MAP,
  IOMMU_IOAS_UNMAP,
} from "../../../ffi/iommufd.ts";
import { type Argument, bytesOf } from "./argument.ts";
import { bitmapBytes } from "./bitmap.ts";
import type { OpenFile } from "./descriptors.ts";
import { isMapped, mapIoas, unmapIoas } from "./ioas_mappings.ts";
import { lookUp, readCommand } from "./iommufd_command.ts";
import type { IommufdObject, IommufdState, Kernel } from "./kernel.ts";
import { refuse } from "./refusal.ts";

/** `enum iommu_hw_info_type`: `IOMMU_HW_INFO_TYPE_INTEL_VTD`. */
const IOMMU_HW_INFO_TYPE_INTEL_VTD = 1;
/** sizeof(struct iommu_hw_info_vtd). */
const HW_INFO_VTD_BYTES = 24;

type Handler = (kernel: Kernel, iommufd: IommufdState, argument: Argument) => number;

const REQUESTS: Readonly<Record<number, Handler>> = {
  [IOMMU_DESTROY]: destroy,
  [IOMMU_IOAS_ALLOC]: allocIoas,
  [IOMMU_IOAS_MAP]: mapIoas,
  [IOMMU_IOAS_UNMAP]: unmapIoas,
  [IOMMU_HWPT_ALLOC]: allocHwpt,
  [IOMMU_GET_HW_INFO]: getHwInfo,
  [IOMMU_HWPT_SET_DIRTY_TRACKING]: setDirtyTracking,
  [IOMMU_HWPT_GET_DIRTY_BITMAP]: getDirtyBitmap,
};

/** Opens `/dev/iommu`. */
export function openIommufd(kernel: Kernel): OpenFile {
  const iommufd: IommufdState = { objects: new Map(), nextId: 1 };
  const file: OpenFile = {
    name: "/dev/iommu",
    ioctl: (request, argument) =>
      (REQUESTS[request] ?? refuse("ENOTTY"))(kernel, iommufd, argument),
    release() {},
  };
  kernel.iommufds.set(file, iommufd);
  return file;
}

/** Adds an object and returns its number. An HWPT holds its IOAS. */
export function addObject(
  iommufd: IommufdState,
  { kind, parent = null, dirtyTracking = false, automatic = false }:
    & Pick<IommufdObject, "kind">
    & Partial<IommufdObject>,
): number {
  const id = iommufd.nextId++;
  const state = { tracking: false, mappings: new Map(), users: 0 };
  iommufd.objects.set(id, { kind, parent, dirtyTracking, automatic, ...state });
  if (parent !== null) iommufd.objects.get(parent)!.users++;
  return id;
}

/** Removes an object. Refuses with ENOENT if it is unknown, EBUSY if it is in use. */
export function removeObject(iommufd: IommufdState, id: number): void {
  const object = iommufd.objects.get(id) ?? refuse("ENOENT");
  if (object.users > 0) refuse("EBUSY");
  if (object.parent !== null) iommufd.objects.get(object.parent)!.users--;
  iommufd.objects.delete(id);
}

function destroy(_kernel: Kernel, iommufd: IommufdState, argument: Argument): number {
  removeObject(iommufd, readCommand(iommu_destroy, argument).id);
  return 0;
}

function allocIoas(_kernel: Kernel, iommufd: IommufdState, argument: Argument): number {
  if (readCommand(iommu_ioas_alloc, argument).flags !== 0) refuse("EOPNOTSUPP");
  iommu_ioas_alloc.write(bytesOf(argument, iommu_ioas_alloc.size), {
    out_ioas_id: addObject(iommufd, { kind: "ioas" }),
  });
  return 0;
}

function allocHwpt(kernel: Kernel, iommufd: IommufdState, argument: Argument): number {
  const { dev_id, pt_id, flags, data_type, data_len } = readCommand(iommu_hwpt_alloc, argument);
  if (data_type !== 0 || data_len !== 0) refuse("EINVAL");
  lookUp(iommufd, dev_id, "device");
  if (iommufd.objects.get(pt_id)?.kind !== "ioas") refuse("EINVAL");
  if ((flags & ~IOMMU_HWPT_ALLOC_DIRTY_TRACKING) !== 0) refuse("EOPNOTSUPP");
  const dirtyTracking = flags !== 0;
  if (dirtyTracking && !kernel.scenario.host.iommuDirtyTracking) refuse("EOPNOTSUPP");
  const out_hwpt_id = addObject(iommufd, { kind: "hwpt", parent: pt_id, dirtyTracking });
  iommu_hwpt_alloc.write(bytesOf(argument, iommu_hwpt_alloc.size), { out_hwpt_id });
  return 0;
}

/** For physical devices. The number of an emulated device is not a device's: ENOENT. */
function getHwInfo(kernel: Kernel, iommufd: IommufdState, argument: Argument): number {
  const { flags, dev_id, data_len, data_uptr } = readCommand(iommu_hw_info, argument);
  if (flags !== 0) refuse("EOPNOTSUPP");
  lookUp(iommufd, dev_id, "device");
  if (data_len > 0) kernel.memory.at(data_uptr, data_len).fill(0);
  const dirty = kernel.scenario.host.iommuDirtyTracking ? IOMMU_HW_CAP_DIRTY_TRACKING : 0;
  iommu_hw_info.write(bytesOf(argument, iommu_hw_info.size), {
    data_len: HW_INFO_VTD_BYTES,
    out_data_type: IOMMU_HW_INFO_TYPE_INTEL_VTD,
    out_capabilities: BigInt(dirty),
  });
  return 0;
}

function setDirtyTracking(_kernel: Kernel, iommufd: IommufdState, argument: Argument): number {
  const { hwpt_id, flags } = readCommand(iommu_hwpt_set_dirty_tracking, argument);
  if ((flags & ~IOMMU_HWPT_DIRTY_TRACKING_ENABLE) !== 0) refuse("EOPNOTSUPP");
  const hwpt = lookUp(iommufd, hwpt_id, "hwpt");
  if (!hwpt.dirtyTracking) refuse("EOPNOTSUPP");
  hwpt.tracking = flags !== 0;
  return 0;
}

/**
 * An empty bitmap: an idle device has done no DMA. Like drivers/iommu/iommufd/io_pagetable.c and the Intel driver of
 * Linux 6.12: EINVAL for a range with a hole, and if tracking is off.
 */
function getDirtyBitmap(kernel: Kernel, iommufd: IommufdState, argument: Argument): number {
  const { hwpt_id, flags, iova, length, page_size, data } = readCommand(
    iommu_hwpt_get_dirty_bitmap,
    argument,
  );
  if (flags !== 0) refuse("EOPNOTSUPP");
  const hwpt = lookUp(iommufd, hwpt_id, "hwpt");
  if (length === 0n || page_size === 0n) refuse("EINVAL");
  if (iova % page_size !== 0n || (iova + length) % page_size !== 0n) refuse("EINVAL");
  if (!hwpt.dirtyTracking) refuse("EOPNOTSUPP");
  kernel.memory.at(data, bitmapBytes(length, page_size));
  const ioas = iommufd.objects.get(hwpt.parent ?? -1) ?? refuse("ENOENT");
  if (!isMapped(ioas, iova, length) || !hwpt.tracking) refuse("EINVAL");
  return 0;
}
