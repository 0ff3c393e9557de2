import type { Bytes } from "../../../ffi/syscalls.ts";
import {
  vfio_device_feature_dma_logging_control,
  vfio_device_feature_dma_logging_range,
  vfio_device_feature_dma_logging_report,
} from "../../../ffi/vfio_migration.ts";
import type { DeviceState, Kernel } from "./kernel.ts";
import { refuse } from "./refusal.ts";

/** As many ranges as fit in a page. */
const LOG_MAX_RANGES = 4096 / vfio_device_feature_dma_logging_range.size;
const SMALLEST_PAGE = 4096n;

/** `VFIO_DEVICE_FEATURE_DMA_LOGGING_START`: reads the ranges from the caller's memory and checks them. */
export function startLogging(device: DeviceState, data: Bytes, kernel: Kernel): void {
  const { page_size, num_ranges, ranges } = vfio_device_feature_dma_logging_control.read(data);
  if (num_ranges === 0) refuse("EINVAL");
  if (num_ranges > LOG_MAX_RANGES) refuse("E2BIG");
  const { size } = vfio_device_feature_dma_logging_range;
  const bytes = kernel.memory.at(ranges, num_ranges * size);
  const spans = Array.from(
    { length: num_ranges },
    (_, i) => vfio_device_feature_dma_logging_range.read(bytes, i * size),
  );
  checkRanges(spans, page_size);
  if (device.logging) refuse("EINVAL");
  device.logging = true;
}

/** `VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP`. Also succeeds if logging is off. */
export function stopLogging(device: DeviceState): void {
  device.logging = false;
}

/**
 * `VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT`: an empty bitmap. A kernel without IOMMUFD cannot report bitmaps and returns
 * EOPNOTSUPP here, although probe and start succeed.
 */
export function reportLogging(device: DeviceState, data: Bytes, kernel: Kernel): void {
  const { iova, length, page_size, bitmap } = vfio_device_feature_dma_logging_report.read(data);
  if (page_size < SMALLEST_PAGE || (page_size & (page_size - 1n)) !== 0n) refuse("EINVAL");
  if (iova + length >= 1n << 64n) refuse("EOVERFLOW");
  if (device.vfio.dirtyTracking === "fails" || !kernel.scenario.host.iommufd) refuse("EOPNOTSUPP");
  kernel.memory.bitmapAt(bitmap, length, page_size);
  if (!device.logging) refuse("EINVAL");
}

function checkRanges(
  spans: readonly { readonly iova: bigint; readonly length: bigint }[],
  pageSize: bigint,
): void {
  const sorted = spans.toSorted((a, b) => (a.iova < b.iova ? -1 : 1));
  sorted.forEach(({ iova, length }, i) => {
    if (pageSize === 0n || iova % pageSize !== 0n || length % pageSize !== 0n) refuse("EINVAL");
    if (iova + length >= 1n << 64n) refuse("EOVERFLOW");
    const before = sorted[i - 1];
    if (before !== undefined && before.iova + before.length > iova) refuse("EINVAL");
  });
}
