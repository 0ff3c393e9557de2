/**
 * `<linux/vfio.h>`: both generations of migration. v2 is a state machine behind `VFIO_DEVICE_FEATURE` (since 5.18). v1
 * is a region of the device that holds `vfio_device_migration_info` (5.8 to 5.17).
 *
 * Source: `<linux/vfio.h>`, Linux 6.12; `VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2`, Linux 7.2.
 */
import { defineStruct } from "./struct.ts";

export const VFIO_DEVICE_FEATURE_MIGRATION = 1;
export const VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE = 2;
export const VFIO_DEVICE_FEATURE_DMA_LOGGING_START = 6;
export const VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP = 7;
export const VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT = 8;
export const VFIO_DEVICE_FEATURE_MIG_DATA_SIZE = 9;
export const VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2 = 12;

export const vfio_device_feature_migration = defineStruct("vfio_device_feature_migration", 8, {
  flags: ["u64", 0],
});
export const VFIO_MIGRATION_STOP_COPY = 1 << 0;
export const VFIO_MIGRATION_P2P = 1 << 1;
export const VFIO_MIGRATION_PRE_COPY = 1 << 2;

export const vfio_device_feature_mig_state = defineStruct("vfio_device_feature_mig_state", 8, {
  device_state: ["u32", 0],
  data_fd: ["i32", 4],
});
export const VFIO_DEVICE_STATE_ERROR = 0;
export const VFIO_DEVICE_STATE_STOP = 1;
export const VFIO_DEVICE_STATE_RUNNING = 2;
export const VFIO_DEVICE_STATE_STOP_COPY = 3;
export const VFIO_DEVICE_STATE_RESUMING = 4;
export const VFIO_DEVICE_STATE_RUNNING_P2P = 5;
export const VFIO_DEVICE_STATE_PRE_COPY = 6;
export const VFIO_DEVICE_STATE_PRE_COPY_P2P = 7;

export const VFIO_MIG_GET_PRECOPY_INFO = 0x3b79;
/** A flag of `vfio_precopy_info.flags`. Valid only after opting in to MIG_PRECOPY_INFOv2. */
export const VFIO_PRECOPY_INFO_REINIT = 1 << 0;
export const vfio_precopy_info = defineStruct("vfio_precopy_info", 24, {
  argsz: ["u32", 0],
  flags: ["u32", 4],
  initial_bytes: ["u64", 8],
  dirty_bytes: ["u64", 16],
});

export const vfio_device_feature_dma_logging_control = defineStruct(
  "vfio_device_feature_dma_logging_control",
  24,
  { page_size: ["u64", 0], num_ranges: ["u32", 8], ranges: ["u64", 16] },
);
export const vfio_device_feature_dma_logging_range = defineStruct(
  "vfio_device_feature_dma_logging_range",
  16,
  { iova: ["u64", 0], length: ["u64", 8] },
);
export const vfio_device_feature_dma_logging_report = defineStruct(
  "vfio_device_feature_dma_logging_report",
  32,
  { iova: ["u64", 0], length: ["u64", 8], page_size: ["u64", 16], bitmap: ["u64", 24] },
);
export const vfio_device_feature_mig_data_size = defineStruct(
  "vfio_device_feature_mig_data_size",
  8,
  { stop_copy_length: ["u64", 0] },
);

/** Type and subtype of the v1 region in `VFIO_REGION_INFO_CAP_TYPE`. */
export const VFIO_REGION_TYPE_MIGRATION_DEPRECATED = 3;
export const VFIO_REGION_SUBTYPE_MIGRATION_DEPRECATED = 1;
export const vfio_device_migration_info = defineStruct("vfio_device_migration_info", 32, {
  device_state: ["u32", 0],
  pending_bytes: ["u64", 8],
  data_offset: ["u64", 16],
  data_size: ["u64", 24],
});
export const VFIO_DEVICE_STATE_V1_STOP = 0;
export const VFIO_DEVICE_STATE_V1_RUNNING = 1 << 0;
export const VFIO_DEVICE_STATE_V1_SAVING = 1 << 1;
export const VFIO_DEVICE_STATE_V1_RESUMING = 1 << 2;
