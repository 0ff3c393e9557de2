import { assertEquals, assertNotEquals } from "@std/assert";
import {
  IOMMU_DESTROY,
  iommu_destroy,
  IOMMU_GET_HW_INFO,
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
  IOMMU_IOAS_MAP_FIXED_IOVA,
  IOMMU_IOAS_MAP_WRITEABLE,
} from "../../../ffi/iommufd.ts";
import type { Syscalls } from "../../../ffi/syscalls.ts";
import {
  VFIO_DEVICE_ATTACH_IOMMUFD_PT,
  vfio_device_attach_iommufd_pt,
  VFIO_DEVICE_DETACH_IOMMUFD_PT,
  vfio_device_detach_iommufd_pt,
} from "../../../ffi/vfio.ts";
import { allocIoas, assertErrno, closeAll, openByCdev, simulate } from "./testing.ts";

function attach(calls: Syscalls, device: number, pt_id: number): number {
  const argument = vfio_device_attach_iommufd_pt.make({ argsz: 12, pt_id });
  calls.ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, argument);
  return vfio_device_attach_iommufd_pt.read(argument).pt_id;
}

function detach(calls: Syscalls, device: number): void {
  const argument = vfio_device_detach_iommufd_pt.make({ argsz: 8 });
  calls.ioctl(device, VFIO_DEVICE_DETACH_IOMMUFD_PT, argument);
}

function destroy(calls: Syscalls, iommufd: number, id: number): void {
  calls.ioctl(iommufd, IOMMU_DESTROY, iommu_destroy.make({ size: 8, id }));
}

function hwInfo(calls: Syscalls, iommufd: number, dev_id: number) {
  const argument = iommu_hw_info.make({ size: 40, dev_id });
  calls.ioctl(iommufd, IOMMU_GET_HW_INFO, argument);
  return iommu_hw_info.read(argument);
}

function allocHwpt(
  calls: Syscalls,
  iommufd: number,
  ids: { dev_id: number; pt_id: number },
  flags: number,
) {
  const argument = iommu_hwpt_alloc.make({ size: 48, flags, ...ids });
  calls.ioctl(iommufd, IOMMU_HWPT_ALLOC, argument);
  return iommu_hwpt_alloc.read(argument).out_hwpt_id;
}

Deno.test("getHwInfo() reports dirty tracking for a physical device and refuses an emulated one", () => {
  const nic = simulate("nic-host");
  const vf = openByCdev(nic, "vfio7");
  assertEquals(hwInfo(nic, vf.iommufd, vf.devid).out_capabilities, 1n);
  closeAll(nic, vf.device, vf.iommufd);
  const gpu = simulate("gpu-host");
  const mdev = openByCdev(gpu, "vfio3");
  assertErrno("ENOENT", () => hwInfo(gpu, mdev.iommufd, mdev.devid));
  closeAll(gpu, mdev.device, mdev.iommufd);
});

Deno.test("attachIoas() gives a physical device its own page table while it is attached", () => {
  const calls = simulate("nic-host");
  const { iommufd, device } = openByCdev(calls, "vfio7");
  const ioas = allocIoas(calls, iommufd);
  const hwpt = attach(calls, device, ioas);
  assertNotEquals(hwpt, ioas);
  assertErrno("EBUSY", () => destroy(calls, iommufd, ioas));
  assertErrno("ENOENT", () => attach(calls, device, 4711));
  detach(calls, device);
  detach(calls, device);
  assertErrno("ENOENT", () => destroy(calls, iommufd, hwpt));
  destroy(calls, iommufd, ioas);
  closeAll(calls, device, iommufd);
});

Deno.test("attachIoas() leaves an emulated device on the IOAS itself", () => {
  const calls = simulate("gpu-host");
  const { iommufd, device } = openByCdev(calls, "vfio3");
  const ioas = allocIoas(calls, iommufd);
  assertEquals(attach(calls, device, ioas), ioas);
  calls.close(device);
  destroy(calls, iommufd, ioas);
  closeAll(calls, iommufd);
});

Deno.test("allocHwpt() tracks dirty pages of mappings if the IOMMU can", () => {
  const calls = simulate("nic-host");
  const { iommufd, device, devid } = openByCdev(calls, "vfio7");
  const ids = { dev_id: devid, pt_id: allocIoas(calls, iommufd) };
  const hwpt_id = allocHwpt(calls, iommufd, ids, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
  attach(calls, device, hwpt_id);
  const flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE;
  const enable = iommu_hwpt_set_dirty_tracking.make({ size: 16, flags, hwpt_id });
  calls.ioctl(iommufd, IOMMU_HWPT_SET_DIRTY_TRACKING, enable);
  const bitmap = new Uint8Array(16);
  const [iova, length] = [0x10000n, 0x40000n];
  const wanted = { size: 48, hwpt_id, page_size: 4096n, data: calls.addressOf(bitmap) };
  const report = (length: bigint) => {
    const get = iommu_hwpt_get_dirty_bitmap.make({ ...wanted, iova, length });
    calls.ioctl(iommufd, IOMMU_HWPT_GET_DIRTY_BITMAP, get);
  };
  assertErrno("EINVAL", () => report(length));
  const memory = new Uint8Array(0x40000);
  const buffer = { user_va: calls.addressOf(memory), iova, length };
  const access = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE;
  const map = { size: 40, ioas_id: ids.pt_id, flags: access, ...buffer };
  calls.ioctl(iommufd, IOMMU_IOAS_MAP, iommu_ioas_map.make(map));
  report(length);
  assertErrno("EINVAL", () => report(length + 4096n));
  const disable = iommu_hwpt_set_dirty_tracking.make({ size: 16, hwpt_id });
  calls.ioctl(iommufd, IOMMU_HWPT_SET_DIRTY_TRACKING, disable);
  assertErrno("EINVAL", () => report(length));
  const plain = allocHwpt(calls, iommufd, ids, 0);
  const refused = iommu_hwpt_set_dirty_tracking.make({ size: 16, flags, hwpt_id: plain });
  assertErrno(
    "EOPNOTSUPP",
    () => calls.ioctl(iommufd, IOMMU_HWPT_SET_DIRTY_TRACKING, refused),
  );
  closeAll(calls, device, iommufd);
});

Deno.test("allocHwpt() refuses dirty tracking if the IOMMU cannot", () => {
  const calls = simulate("gpu-host");
  const { iommufd, device, devid } = openByCdev(calls, "vfio8");
  assertEquals(hwInfo(calls, iommufd, devid).out_capabilities, 0n);
  const ids = { dev_id: devid, pt_id: allocIoas(calls, iommufd) };
  const flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
  assertErrno("EOPNOTSUPP", () => allocHwpt(calls, iommufd, ids, flags));
  assertErrno("EINVAL", () => allocHwpt(calls, iommufd, { ...ids, pt_id: devid }, 0));
  assertErrno("ENOENT", () => allocHwpt(calls, iommufd, { ...ids, dev_id: 4711 }, 0));
  closeAll(calls, device, iommufd);
});

Deno.test("openIommufd() checks size, flags and request number", () => {
  const calls = simulate("gpu-host");
  const { iommufd, device } = openByCdev(calls, "vfio8");
  const short = iommu_ioas_alloc.make({ size: 8 });
  const flagged = iommu_ioas_alloc.make({ size: 12, flags: 1 });
  assertErrno("EINVAL", () => calls.ioctl(iommufd, IOMMU_IOAS_ALLOC, short));
  assertErrno("EOPNOTSUPP", () => calls.ioctl(iommufd, IOMMU_IOAS_ALLOC, flagged));
  assertErrno("ENOTTY", () => calls.ioctl(iommufd, 0x3bff, short));
  assertErrno("ENOENT", () => destroy(calls, iommufd, 4711));
  closeAll(calls, device, iommufd);
});
