/**
 * `<linux/iommufd.h>`: what a device's cdev needs, and the IOMMU's own dirty tracking.
 *
 * Source: `<linux/iommufd.h>`, Linux 6.12.
 */
import { defineStruct } from "./struct.ts";

/** `_IO(';', 0x80 + n)`. */
export const IOMMU_DESTROY = 0x3b80;
export const IOMMU_IOAS_ALLOC = 0x3b81;
export const IOMMU_IOAS_MAP = 0x3b85;
export const IOMMU_IOAS_UNMAP = 0x3b86;
export const IOMMU_HWPT_ALLOC = 0x3b89;
export const IOMMU_GET_HW_INFO = 0x3b8a;
export const IOMMU_HWPT_SET_DIRTY_TRACKING = 0x3b8b;
export const IOMMU_HWPT_GET_DIRTY_BITMAP = 0x3b8c;

export const iommu_destroy = defineStruct("iommu_destroy", 8, {
  size: ["u32", 0],
  id: ["u32", 4],
});
export const iommu_ioas_alloc = defineStruct("iommu_ioas_alloc", 12, {
  size: ["u32", 0],
  flags: ["u32", 4],
  out_ioas_id: ["u32", 8],
});
export const iommu_ioas_map = defineStruct("iommu_ioas_map", 40, {
  size: ["u32", 0],
  flags: ["u32", 4],
  ioas_id: ["u32", 8],
  user_va: ["u64", 16],
  length: ["u64", 24],
  iova: ["u64", 32],
});
export const IOMMU_IOAS_MAP_FIXED_IOVA = 1 << 0;
export const IOMMU_IOAS_MAP_WRITEABLE = 1 << 1;
export const IOMMU_IOAS_MAP_READABLE = 1 << 2;

export const iommu_ioas_unmap = defineStruct("iommu_ioas_unmap", 24, {
  size: ["u32", 0],
  ioas_id: ["u32", 4],
  iova: ["u64", 8],
  length: ["u64", 16],
});
export const iommu_hwpt_alloc = defineStruct("iommu_hwpt_alloc", 48, {
  size: ["u32", 0],
  flags: ["u32", 4],
  dev_id: ["u32", 8],
  pt_id: ["u32", 12],
  out_hwpt_id: ["u32", 16],
  data_type: ["u32", 24],
  data_len: ["u32", 28],
  data_uptr: ["u64", 32],
});
export const IOMMU_HWPT_ALLOC_DIRTY_TRACKING = 1 << 1;

export const iommu_hw_info = defineStruct("iommu_hw_info", 40, {
  size: ["u32", 0],
  flags: ["u32", 4],
  dev_id: ["u32", 8],
  data_len: ["u32", 12],
  data_uptr: ["u64", 16],
  out_data_type: ["u32", 24],
  out_capabilities: ["u64", 32],
});
export const IOMMU_HW_CAP_DIRTY_TRACKING = 1 << 0;

export const iommu_hwpt_set_dirty_tracking = defineStruct("iommu_hwpt_set_dirty_tracking", 16, {
  size: ["u32", 0],
  flags: ["u32", 4],
  hwpt_id: ["u32", 8],
});
export const IOMMU_HWPT_DIRTY_TRACKING_ENABLE = 1 << 0;

export const iommu_hwpt_get_dirty_bitmap = defineStruct("iommu_hwpt_get_dirty_bitmap", 48, {
  size: ["u32", 0],
  hwpt_id: ["u32", 4],
  flags: ["u32", 8],
  iova: ["u64", 16],
  length: ["u64", 24],
  page_size: ["u64", 32],
  data: ["u64", 40],
});
