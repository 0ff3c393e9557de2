import { SysError } from "../../ffi/errno.ts";
import type { Bytes } from "../../ffi/syscalls.ts";
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
} from "../../ffi/iommufd.ts";
import {
  VFIO_DEVICE_ATTACH_IOMMUFD_PT,
  vfio_device_attach_iommufd_pt,
  VFIO_DEVICE_DETACH_IOMMUFD_PT,
  vfio_device_detach_iommufd_pt,
} from "../../ffi/vfio.ts";
import {
  vfio_device_feature_dma_logging_control,
  vfio_device_feature_dma_logging_range,
  VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT,
  vfio_device_feature_dma_logging_report,
  VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
  VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP,
} from "../../ffi/vfio_migration.ts";
import { type DeviceHandle, getFeature, setFeature } from "../device/mod.ts";
import type { DirtyTracking } from "../identity/mod.ts";

/** What is tracked in the test: 2 MiB from 0, which an idle device has no reason to write to. */
const PAGE_BYTES = 4096n;
const LENGTH_BYTES = 2n << 20n;
const bitmapOf = (): Bytes => new Uint8Array(Number(LENGTH_BYTES / PAGE_BYTES / 8n));

/** ENOTTY is that the driver has no such thing; other errnos are of a thing that it has. */
const ABSENT = ["ENOTTY"];

/**
 * Whether the device tracks the pages that it dirties: a start, a report and a stop of DMA logging.
 *
 * Source: `VFIO_DEVICE_FEATURE_DMA_LOGGING_*`. Effect: logging is on for the time of a report, on a device
 * that must be idle; it is stopped whatever the report says.
 */
export function testDeviceTracking(device: DeviceHandle): DirtyTracking {
  const { sys } = device;
  const ranges = vfio_device_feature_dma_logging_range.make({ iova: 0n, length: LENGTH_BYTES });
  const bitmap = bitmapOf();
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
        length: LENGTH_BYTES,
        page_size: PAGE_BYTES,
        bitmap: sys.addressOf(bitmap),
      });
      getFeature(device, VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT, report);
    }],
  ], [
    ["DMA_LOGGING_STOP", () => setFeature(device, VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP)],
  ]);
}

/**
 * Whether the IOMMU tracks the pages that the device dirties: where it claims to, a page table with
 * tracking enforced is made, attached, switched on, read, and taken away again.
 *
 * Source: `IOMMU_GET_HW_INFO`, `IOMMU_HWPT_SET_DIRTY_TRACKING`, `IOMMU_HWPT_GET_DIRTY_BITMAP`. Through a
 * container there is no such thing: type 1 counts every page as dirty. Effect: attaches the idle device to
 * an empty address space for the time of the test.
 */
export function testIommuTracking(device: DeviceHandle): DirtyTracking {
  const { sys, fd, bound } = device;
  if (bound === null) return { result: "absent", check: null };
  const { iommufd, devid } = bound;
  const info = iommu_hw_info.make({ size: iommu_hw_info.size, dev_id: devid });
  try {
    sys.ioctl(iommufd, IOMMU_GET_HW_INFO, info);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return { result: "absent", check: { step: "IOMMU_GET_HW_INFO", errno: error.code } };
  }
  const claimed = iommu_hw_info.read(info).out_capabilities & BigInt(IOMMU_HW_CAP_DIRTY_TRACKING);
  if (claimed === 0n) return { result: "absent", check: null };

  const ioas = iommu_ioas_alloc.make({ size: iommu_ioas_alloc.size });
  const hwpt = iommu_hwpt_alloc.make({
    size: iommu_hwpt_alloc.size,
    flags: IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
    dev_id: devid,
  });
  const bitmap = bitmapOf();
  const hwptId = () => iommu_hwpt_alloc.read(hwpt).out_hwpt_id;
  const ioasId = () => iommu_ioas_alloc.read(ioas).out_ioas_id;
  const destroy = (id: number) =>
    sys.ioctl(iommufd, IOMMU_DESTROY, iommu_destroy.make({ size: iommu_destroy.size, id }));
  const track = (flags: number) =>
    sys.ioctl(
      iommufd,
      IOMMU_HWPT_SET_DIRTY_TRACKING,
      iommu_hwpt_set_dirty_tracking.make({
        size: iommu_hwpt_set_dirty_tracking.size,
        flags,
        hwpt_id: hwptId(),
      }),
    );
  return runSteps(
    [
      ["IOMMU_IOAS_ALLOC", () => sys.ioctl(iommufd, IOMMU_IOAS_ALLOC, ioas)],
      ["IOMMU_HWPT_ALLOC", () => {
        iommu_hwpt_alloc.write(hwpt, { pt_id: ioasId() });
        sys.ioctl(iommufd, IOMMU_HWPT_ALLOC, hwpt);
      }],
      ["VFIO_DEVICE_ATTACH_IOMMUFD_PT", () => {
        const argsz = vfio_device_attach_iommufd_pt.size;
        const attach = vfio_device_attach_iommufd_pt.make({ argsz, pt_id: hwptId() });
        sys.ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach);
      }],
      ["IOMMU_HWPT_SET_DIRTY_TRACKING", () => track(IOMMU_HWPT_DIRTY_TRACKING_ENABLE)],
      ["IOMMU_HWPT_GET_DIRTY_BITMAP", () => {
        const request = iommu_hwpt_get_dirty_bitmap.make({
          size: iommu_hwpt_get_dirty_bitmap.size,
          hwpt_id: hwptId(),
          length: LENGTH_BYTES,
          page_size: PAGE_BYTES,
          data: sys.addressOf(bitmap),
        });
        sys.ioctl(iommufd, IOMMU_HWPT_GET_DIRTY_BITMAP, request);
      }],
    ],
    [
      ["IOMMU_DESTROY ioas", () => destroy(ioasId())],
      ["IOMMU_DESTROY hwpt", () => destroy(hwptId())],
      ["VFIO_DEVICE_DETACH_IOMMUFD_PT", () => {
        const argsz = vfio_device_detach_iommufd_pt.size;
        const detach = vfio_device_detach_iommufd_pt.make({ argsz });
        sys.ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, detach);
      }],
      ["IOMMU_HWPT_SET_DIRTY_TRACKING off", () => track(0)],
    ],
  );
}

type Step = readonly [name: string, run: () => unknown];

/**
 * Runs the steps, the last of which reports, then undoes in reverse those that were done: `undo[i]` takes back
 * `steps[i]`. The step that fails decides; an undo that fails is a failure too.
 */
function runSteps(steps: readonly Step[], undo: readonly Step[]): DirtyTracking {
  let failed: { step: string; errno: string } | null = null;
  let done = 0;
  for (const [step, run] of steps) {
    failed = attempt(step, run);
    if (failed !== null) break;
    done++;
  }
  let left: { step: string; errno: string } | null = null;
  for (const [step, run] of undo.slice(0, done).reverse()) left = attempt(step, run) ?? left;
  if (failed === null) {
    return left === null
      ? { result: "works", check: null }
      : { result: "cannot-stop", check: left };
  }
  const isAbsent = done === 0 && ABSENT.includes(failed.errno);
  const result = done === steps.length - 1 ? "cannot-report" : isAbsent ? "absent" : "cannot-start";
  return { result, check: failed };
}

function attempt(step: string, run: () => unknown): { step: string; errno: string } | null {
  try {
    run();
    return null;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return { step, errno: error.code };
  }
}
