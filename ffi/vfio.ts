/**
 * `<linux/vfio.h>`: devices, groups, containers, regions, features. Migration has its own file.
 *
 * Names are from the header. Request numbers are literals; `tests/abi_test.ts` compares them with a C compiler's. Some
 * structs have grown in newer kernels. They are declared at the smallest size that every kernel accepts, and that size
 * is sent as `argsz`.
 *
 * Source: `<linux/vfio.h>`, Linux 6.12.
 */
import { defineStruct } from "./struct.ts";

export const VFIO_API_VERSION = 0;

/** Extensions of a container, for `VFIO_CHECK_EXTENSION` and `VFIO_SET_IOMMU`. */
export const VFIO_TYPE1_IOMMU = 1;
export const VFIO_TYPE1v2_IOMMU = 3;
export const VFIO_NOIOMMU_IOMMU = 8;

/** `_IO(';', 100 + n)`. */
export const VFIO_GET_API_VERSION = 0x3b64;
export const VFIO_CHECK_EXTENSION = 0x3b65;
export const VFIO_SET_IOMMU = 0x3b66;
export const VFIO_GROUP_GET_STATUS = 0x3b67;
export const VFIO_GROUP_SET_CONTAINER = 0x3b68;
export const VFIO_GROUP_UNSET_CONTAINER = 0x3b69;
export const VFIO_GROUP_GET_DEVICE_FD = 0x3b6a;
export const VFIO_DEVICE_GET_INFO = 0x3b6b;
export const VFIO_DEVICE_GET_REGION_INFO = 0x3b6c;
export const VFIO_DEVICE_GET_IRQ_INFO = 0x3b6d;
export const VFIO_DEVICE_RESET = 0x3b6f;
export const VFIO_DEVICE_FEATURE = 0x3b75;
export const VFIO_DEVICE_BIND_IOMMUFD = 0x3b76;
export const VFIO_DEVICE_ATTACH_IOMMUFD_PT = 0x3b77;
export const VFIO_DEVICE_DETACH_IOMMUFD_PT = 0x3b78;

export const vfio_group_status = defineStruct("vfio_group_status", 8, {
  argsz: ["u32", 0],
  flags: ["u32", 4],
});
export const VFIO_GROUP_FLAGS_VIABLE = 1 << 0;
export const VFIO_GROUP_FLAGS_CONTAINER_SET = 1 << 1;

export const vfio_device_info = defineStruct("vfio_device_info", 24, {
  argsz: ["u32", 0],
  flags: ["u32", 4],
  num_regions: ["u32", 8],
  num_irqs: ["u32", 12],
  cap_offset: ["u32", 16],
});
export const VFIO_DEVICE_FLAGS_RESET = 1 << 0;
export const VFIO_DEVICE_FLAGS_PCI = 1 << 1;
export const VFIO_DEVICE_FLAGS_PLATFORM = 1 << 2;
export const VFIO_DEVICE_FLAGS_AMBA = 1 << 3;
export const VFIO_DEVICE_FLAGS_CCW = 1 << 4;
export const VFIO_DEVICE_FLAGS_AP = 1 << 5;
export const VFIO_DEVICE_FLAGS_FSL_MC = 1 << 6;
export const VFIO_DEVICE_FLAGS_CAPS = 1 << 7;
export const VFIO_DEVICE_FLAGS_CDX = 1 << 8;

export const vfio_region_info = defineStruct("vfio_region_info", 32, {
  argsz: ["u32", 0],
  flags: ["u32", 4],
  index: ["u32", 8],
  cap_offset: ["u32", 12],
  size: ["u64", 16],
  offset: ["u64", 24],
});
export const VFIO_REGION_INFO_FLAG_READ = 1 << 0;
export const VFIO_REGION_INFO_FLAG_WRITE = 1 << 1;
export const VFIO_REGION_INFO_FLAG_MMAP = 1 << 2;
export const VFIO_REGION_INFO_FLAG_CAPS = 1 << 3;

/** Regions of a `vfio-pci` device: BAR0 to BAR5 are 0 to 5, VGA is 8. */
export const VFIO_PCI_ROM_REGION_INDEX = 6;
export const VFIO_PCI_CONFIG_REGION_INDEX = 7;
export const VFIO_PCI_NUM_REGIONS = 9;

export const vfio_info_cap_header = defineStruct("vfio_info_cap_header", 8, {
  id: ["u16", 0],
  version: ["u16", 2],
  next: ["u32", 4],
});
export const VFIO_REGION_INFO_CAP_SPARSE_MMAP = 1;
export const VFIO_REGION_INFO_CAP_TYPE = 2;
export const VFIO_REGION_INFO_CAP_MSIX_MAPPABLE = 3;

export const vfio_region_info_cap_type = defineStruct("vfio_region_info_cap_type", 16, {
  type: ["u32", 8],
  subtype: ["u32", 12],
});
export const vfio_region_info_cap_sparse_mmap = defineStruct(
  "vfio_region_info_cap_sparse_mmap",
  16,
  { nr_areas: ["u32", 8] },
);
export const vfio_region_sparse_mmap_area = defineStruct("vfio_region_sparse_mmap_area", 16, {
  offset: ["u64", 0],
  size: ["u64", 8],
});

export const vfio_irq_info = defineStruct("vfio_irq_info", 16, {
  argsz: ["u32", 0],
  flags: ["u32", 4],
  index: ["u32", 8],
  count: ["u32", 12],
});

/** 16 bytes. Linux 7.2 extended it to 24 and added a flag for the new part. */
export const vfio_device_bind_iommufd = defineStruct("vfio_device_bind_iommufd", 16, {
  argsz: ["u32", 0],
  flags: ["u32", 4],
  iommufd: ["i32", 8],
  out_devid: ["u32", 12],
});
/** 12 bytes. Later kernels extended it to 16. */
export const vfio_device_attach_iommufd_pt = defineStruct("vfio_device_attach_iommufd_pt", 12, {
  argsz: ["u32", 0],
  flags: ["u32", 4],
  pt_id: ["u32", 8],
});
export const vfio_device_detach_iommufd_pt = defineStruct("vfio_device_detach_iommufd_pt", 8, {
  argsz: ["u32", 0],
  flags: ["u32", 4],
});

export const vfio_device_feature = defineStruct("vfio_device_feature", 8, {
  argsz: ["u32", 0],
  flags: ["u32", 4],
});
export const VFIO_DEVICE_FEATURE_MASK = 0xffff;
export const VFIO_DEVICE_FEATURE_GET = 1 << 16;
export const VFIO_DEVICE_FEATURE_SET = 1 << 17;
export const VFIO_DEVICE_FEATURE_PROBE = 1 << 18;
