import { SysError } from "../../ffi/errno.ts";
import {
  VFIO_DEVICE_FEATURE,
  vfio_device_feature,
  VFIO_DEVICE_FEATURE_GET,
  VFIO_DEVICE_FEATURE_PROBE,
  VFIO_DEVICE_FEATURE_SET,
} from "../../ffi/vfio.ts";
import {
  VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT,
  VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
  VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP,
  VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
  VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
  VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2,
  VFIO_DEVICE_FEATURE_MIGRATION,
} from "../../ffi/vfio_migration.ts";
import type { DeviceHandle } from "../device/mod.ts";
import type { Feature } from "../documents/mod.ts";

/** The migration features, with the operation that each must support. */
const FEATURES = [
  [VFIO_DEVICE_FEATURE_MIGRATION, "MIGRATION", VFIO_DEVICE_FEATURE_GET],
  [
    VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
    "MIG_DEVICE_STATE",
    VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET,
  ],
  [VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, "MIG_DATA_SIZE", VFIO_DEVICE_FEATURE_GET],
  [VFIO_DEVICE_FEATURE_DMA_LOGGING_START, "DMA_LOGGING_START", VFIO_DEVICE_FEATURE_SET],
  [VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP, "DMA_LOGGING_STOP", VFIO_DEVICE_FEATURE_SET],
  [VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT, "DMA_LOGGING_REPORT", VFIO_DEVICE_FEATURE_GET],
  [VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2, "MIG_PRECOPY_INFOv2", VFIO_DEVICE_FEATURE_SET],
] as const;

/**
 * Which migration features the driver has. ENOTTY means that it does not have the feature. Other errnos mean unknown.
 *
 * Source: `VFIO_DEVICE_FEATURE` with `VFIO_DEVICE_FEATURE_PROBE`. Effect: none.
 */
export function probeFeatures({ sys, fd }: DeviceHandle): Feature[] {
  return FEATURES.map(([id, name, operations]) => {
    const flags = id | operations | VFIO_DEVICE_FEATURE_PROBE;
    const argument = vfio_device_feature.make({ argsz: vfio_device_feature.size, flags });
    try {
      sys.ioctl(fd, VFIO_DEVICE_FEATURE, argument);
      return { id, name, support: "present", errno: null };
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      const support = error.code === "ENOTTY" ? "absent" : "error";
      return { id, name, support, errno: error.code };
    }
  });
}
