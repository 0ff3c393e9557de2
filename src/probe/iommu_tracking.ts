import { SysError } from "../../ffi/errno.ts";
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
  iommu_ioas_map,
  IOMMU_IOAS_MAP_READABLE,
  IOMMU_IOAS_MAP_WRITEABLE,
  IOMMU_IOAS_UNMAP,
  iommu_ioas_unmap,
} from "../../ffi/iommufd.ts";
import type { Bytes, Syscalls } from "../../ffi/syscalls.ts";
import {
  VFIO_DEVICE_ATTACH_IOMMUFD_PT,
  vfio_device_attach_iommufd_pt,
  VFIO_DEVICE_DETACH_IOMMUFD_PT,
  vfio_device_detach_iommufd_pt,
} from "../../ffi/vfio.ts";
import type { DeviceHandle } from "../device/mod.ts";
import type { DirtyTracking } from "../documents/mod.ts";
import { bitmapOf, PAGE_BYTES, runSteps } from "./tracking_steps.ts";

/**
 * The buffer that is mapped for the IOMMU to track: a multiple of every page size that Linux has on x86-64 and aarch64,
 * and small enough to lock without CAP_IPC_LOCK.
 */
const MAPPED_BYTES = 64n << 10n;
/** The errnos of an iommufd for an mdev, whose DMA is emulated, and of a kernel without the request. */
const NO_HW_INFO = ["ENOENT", "ENOTTY", "EOPNOTSUPP"];

/**
 * Whether the IOMMU tracks the pages that the device dirties. If it claims to, runs {@link trackByIommu} with the
 * device attached.
 *
 * Source: `IOMMU_GET_HW_INFO`. A container has no such tracking: type 1 reports every page as dirty. Effect: during the
 * test, the idle device is attached to an address space that contains only a buffer of ours.
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
    const result = NO_HW_INFO.includes(error.code) ? "absent" : "cannot-start";
    return { result, check: { step: "IOMMU_GET_HW_INFO", errno: error.code } };
  }
  const claimed = iommu_hw_info.read(info).out_capabilities & BigInt(IOMMU_HW_CAP_DIRTY_TRACKING);
  if (claimed === 0n) return { result: "absent", check: null };
  return trackByIommu(sys, { iommufd, devid }, {
    step: "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
    attach(pt_id) {
      const argsz = vfio_device_attach_iommufd_pt.size;
      const attach = vfio_device_attach_iommufd_pt.make({ argsz, pt_id });
      sys.ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach);
    },
    detach() {
      const argsz = vfio_device_detach_iommufd_pt.size;
      sys.ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, vfio_device_detach_iommufd_pt.make({ argsz }));
    },
  });
}

/** How to attach a device to a page table, and detach it. */
export interface Attachment {
  /** The name of the step. */
  step: string;
  attach(pt_id: number): void;
  detach(): void;
}

/**
 * Creates a page table with enforced tracking, attaches it, maps a buffer, turns tracking on and reads the buffer's
 * dirty bitmap. Then undoes all of it, even after a failure.
 *
 * The buffer is required: for an unmapped range the kernel returns EINVAL before it asks an IOMMU driver
 * (`__iommu_read_and_clear_dirty()` in drivers/iommu/iommufd/io_pagetable.c of Linux 6.12). The kernel chooses the
 * address, outside the device's reserved ranges.
 *
 * Source: `IOMMU_HWPT_ALLOC`, `IOMMU_IOAS_MAP`, `IOMMU_HWPT_SET_DIRTY_TRACKING`, `IOMMU_HWPT_GET_DIRTY_BITMAP`.
 */
export function trackByIommu(
  sys: Syscalls,
  { iommufd, devid }: { iommufd: number; devid: number },
  { step, attach, detach }: Attachment,
): DirtyTracking {
  const ioas = iommu_ioas_alloc.make({ size: iommu_ioas_alloc.size });
  const hwpt = iommu_hwpt_alloc.make({
    size: iommu_hwpt_alloc.size,
    flags: IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
    dev_id: devid,
  });
  // Aligned to its own length, and therefore to any page size. Kept alive until it is unmapped.
  const buffer: Bytes = new Uint8Array(Number(MAPPED_BYTES * 2n));
  const bitmap = bitmapOf(MAPPED_BYTES);
  const map = iommu_ioas_map.make({
    size: iommu_ioas_map.size,
    flags: IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE,
    length: MAPPED_BYTES,
  });
  const hwptId = () => iommu_hwpt_alloc.read(hwpt).out_hwpt_id;
  const ioasId = () => iommu_ioas_alloc.read(ioas).out_ioas_id;
  const iova = () => iommu_ioas_map.read(map).iova;
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
      [step, () => attach(hwptId())],
      ["IOMMU_IOAS_MAP", () => {
        const end = sys.addressOf(buffer) + MAPPED_BYTES - 1n;
        iommu_ioas_map.write(map, { ioas_id: ioasId(), user_va: end - end % MAPPED_BYTES });
        sys.ioctl(iommufd, IOMMU_IOAS_MAP, map);
      }],
      ["IOMMU_HWPT_SET_DIRTY_TRACKING", () => track(IOMMU_HWPT_DIRTY_TRACKING_ENABLE)],
      ["IOMMU_HWPT_GET_DIRTY_BITMAP", () => {
        const request = iommu_hwpt_get_dirty_bitmap.make({
          size: iommu_hwpt_get_dirty_bitmap.size,
          hwpt_id: hwptId(),
          iova: iova(),
          length: MAPPED_BYTES,
          page_size: PAGE_BYTES,
          data: sys.addressOf(bitmap),
        });
        sys.ioctl(iommufd, IOMMU_HWPT_GET_DIRTY_BITMAP, request);
      }],
    ],
    [
      ["IOMMU_DESTROY ioas", () => destroy(ioasId())],
      ["IOMMU_DESTROY hwpt", () => destroy(hwptId())],
      [`${step} undone`, detach],
      ["IOMMU_IOAS_UNMAP", () => {
        const size = iommu_ioas_unmap.size;
        const range = { iova: iova(), length: MAPPED_BYTES };
        const unmap = iommu_ioas_unmap.make({ size, ioas_id: ioasId(), ...range });
        sys.ioctl(iommufd, IOMMU_IOAS_UNMAP, unmap);
      }],
      ["IOMMU_HWPT_SET_DIRTY_TRACKING off", () => track(0)],
    ],
  );
}
