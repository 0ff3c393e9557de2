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
import { type Argument, readSized, reply } from "./argument.ts";
import { isMapped, mapIoas, unmapIoas } from "./ioas_mappings.ts";
import { addObject, lookUp, removeObject } from "./iommufd_objects.ts";
import type { IommufdState, Kernel, OpenFile } from "./kernel.ts";
import { refuse } from "./refusal.ts";
import { answer, type Requests } from "./requests.ts";

/** `enum iommu_hw_info_type`: `IOMMU_HW_INFO_TYPE_INTEL_VTD`. */
const IOMMU_HW_INFO_TYPE_INTEL_VTD = 1;
/** sizeof(struct iommu_hw_info_vtd). */
const HW_INFO_VTD_BYTES = 24;

const REQUESTS: Requests<IommufdState> = {
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
  return {
    iommufd,
    ioctl: (request, argument) => answer(REQUESTS, request, iommufd, argument, kernel),
  };
}

function destroy(iommufd: IommufdState, argument: Argument): void {
  removeObject(iommufd, readSized(iommu_destroy, argument).id);
}

function allocIoas(iommufd: IommufdState, argument: Argument): void {
  if (readSized(iommu_ioas_alloc, argument).flags !== 0) refuse("EOPNOTSUPP");
  reply(iommu_ioas_alloc, argument, {
    out_ioas_id: addObject(iommufd, { kind: "ioas" }),
  });
}

function allocHwpt(iommufd: IommufdState, argument: Argument, kernel: Kernel): void {
  const { dev_id, pt_id, flags, data_type, data_len } = readSized(iommu_hwpt_alloc, argument);
  if (data_type !== 0 || data_len !== 0) refuse("EINVAL");
  lookUp(iommufd, dev_id, "device");
  if (iommufd.objects.get(pt_id)?.kind !== "ioas") refuse("EINVAL");
  if ((flags & ~IOMMU_HWPT_ALLOC_DIRTY_TRACKING) !== 0) refuse("EOPNOTSUPP");
  const dirtyTracking = flags !== 0;
  if (dirtyTracking && !kernel.scenario.host.iommuDirtyTracking) refuse("EOPNOTSUPP");
  const out_hwpt_id = addObject(iommufd, { kind: "hwpt", parent: pt_id, dirtyTracking });
  reply(iommu_hwpt_alloc, argument, { out_hwpt_id });
}

/** For physical devices. The number of an emulated device is not a device's: ENOENT. */
function getHwInfo(iommufd: IommufdState, argument: Argument, kernel: Kernel): void {
  const { flags, dev_id, data_len, data_uptr } = readSized(iommu_hw_info, argument);
  if (flags !== 0) refuse("EOPNOTSUPP");
  lookUp(iommufd, dev_id, "device");
  if (data_len > 0) kernel.memory.at(data_uptr, data_len).fill(0);
  const dirty = kernel.scenario.host.iommuDirtyTracking ? IOMMU_HW_CAP_DIRTY_TRACKING : 0;
  reply(iommu_hw_info, argument, {
    data_len: HW_INFO_VTD_BYTES,
    out_data_type: IOMMU_HW_INFO_TYPE_INTEL_VTD,
    out_capabilities: BigInt(dirty),
  });
}

function setDirtyTracking(iommufd: IommufdState, argument: Argument): void {
  const { hwpt_id, flags } = readSized(iommu_hwpt_set_dirty_tracking, argument);
  if ((flags & ~IOMMU_HWPT_DIRTY_TRACKING_ENABLE) !== 0) refuse("EOPNOTSUPP");
  const hwpt = lookUp(iommufd, hwpt_id, "hwpt");
  if (!hwpt.dirtyTracking) refuse("EOPNOTSUPP");
  hwpt.tracking = flags !== 0;
}

/**
 * An empty bitmap: an idle device has done no DMA. Like drivers/iommu/iommufd/io_pagetable.c and the Intel driver of
 * Linux 6.12: EINVAL for a range with a hole, and if tracking is off.
 */
function getDirtyBitmap(iommufd: IommufdState, argument: Argument, kernel: Kernel): void {
  const { hwpt_id, flags, iova, length, page_size, data } = readSized(
    iommu_hwpt_get_dirty_bitmap,
    argument,
  );
  if (flags !== 0) refuse("EOPNOTSUPP");
  const hwpt = lookUp(iommufd, hwpt_id, "hwpt");
  if (length === 0n || page_size === 0n) refuse("EINVAL");
  if (iova % page_size !== 0n || (iova + length) % page_size !== 0n) refuse("EINVAL");
  if (!hwpt.dirtyTracking) refuse("EOPNOTSUPP");
  kernel.memory.bitmapAt(data, length, page_size);
  const ioas = iommufd.objects.get(hwpt.parent ?? -1) ?? refuse("ENOENT");
  if (!isMapped(ioas, iova, length) || !hwpt.tracking) refuse("EINVAL");
}
