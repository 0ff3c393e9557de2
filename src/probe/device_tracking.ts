import {
  vfio_device_feature_dma_logging_control,
  vfio_device_feature_dma_logging_range,
  VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT,
  vfio_device_feature_dma_logging_report,
  VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
  VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP,
} from "../../ffi/vfio_migration.ts";
import { type DeviceHandle, getFeature, setFeature } from "../device/mod.ts";
import type { DirtyTracking } from "../documents/mod.ts";
import { bitmapOf, PAGE_BYTES, runSteps } from "./tracking_steps.ts";

/**
 * The range that the device is asked to track: the size of a small virtual machine. mlx5 refuses ranges below its
 * firmware's minimum (`pg_track_log_min_addr_space`, drivers/vfio/pci/mlx5/cmd.c of Linux 6.12).
 */
const TRACKED_BYTES = 1n << 30n;
/** The range to report. An idle device should not write there. */
const REPORTED_BYTES = 2n << 20n;
/**
 * Whether the device tracks the pages that it dirties: starts DMA logging, requests a report, stops it.
 *
 * Nothing is mapped for this. drivers/vfio/vfio_main.c and the drivers mlx5, pds and mtty of Linux 6.12 track address
 * ranges whether or not they are mapped.
 *
 * Source: `VFIO_DEVICE_FEATURE_DMA_LOGGING_*`. Effect: logging is on during one report, on a device that must be idle.
 * It is stopped even if the report fails.
 */
export function testDeviceTracking(device: DeviceHandle): DirtyTracking {
  const { sys } = device;
  const ranges = vfio_device_feature_dma_logging_range.make({ iova: 0n, length: TRACKED_BYTES });
  const bitmap = bitmapOf(REPORTED_BYTES);
  return runSteps([
    ["DMA_LOGGING_START", () => {
      const control = vfio_device_feature_dma_logging_control.make({
        page_size: PAGE_BYTES,
        num_ranges: 1,
        ranges: sys.addressOf(ranges),
      });
      setFeature(device, VFIO_DEVICE_FEATURE_DMA_LOGGING_START, control);
    }],
    ["DMA_LOGGING_REPORT", () => {
      const report = vfio_device_feature_dma_logging_report.make({
        length: REPORTED_BYTES,
        page_size: PAGE_BYTES,
        bitmap: sys.addressOf(bitmap),
      });
      getFeature(device, VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT, report);
    }],
  ], [
    ["DMA_LOGGING_STOP", () => setFeature(device, VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP)],
  ]);
}
