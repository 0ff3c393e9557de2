import { assert, assertEquals } from "@std/assert";
import { O_RDWR, type Syscalls } from "../../../ffi/syscalls.ts";
import {
  VFIO_API_VERSION,
  VFIO_CHECK_EXTENSION,
  VFIO_DEVICE_GET_INFO,
  vfio_device_info,
  VFIO_GET_API_VERSION,
  VFIO_GROUP_FLAGS_CONTAINER_SET,
  VFIO_GROUP_FLAGS_VIABLE,
  VFIO_GROUP_GET_DEVICE_FD,
  VFIO_GROUP_GET_STATUS,
  VFIO_GROUP_SET_CONTAINER,
  vfio_group_status,
  VFIO_GROUP_UNSET_CONTAINER,
  VFIO_NOIOMMU_IOMMU,
  VFIO_SET_IOMMU,
  VFIO_TYPE1v2_IOMMU,
} from "../../../ffi/vfio.ts";
import { simulateSyscalls } from "./simulate_syscalls.ts";
import {
  assertErrno,
  bind,
  closeAll,
  openByCdev,
  openByGroup,
  openNode,
  pointerTo,
  ROOTS,
  scenario,
  simulate,
  text,
} from "./testing.ts";

/** An idle mdev, with both its nodes. */
const IDLE = { group: "122", cdev: "vfio3", id: "c40d81ae-6b92-4e1f-8d37-0f5a29e6b703" };

function deviceInfo(calls: Syscalls, device: number, argsz = 24) {
  const argument = vfio_device_info.make({ argsz });
  calls.ioctl(device, VFIO_DEVICE_GET_INFO, argument);
  return vfio_device_info.read(argument);
}

function groupFlags(calls: Syscalls, group: number): number {
  const argument = vfio_group_status.make({ argsz: 8 });
  calls.ioctl(group, VFIO_GROUP_GET_STATUS, argument);
  return vfio_group_status.read(argument).flags;
}

Deno.test("simulateSyscalls() gives the same answer through group and cdev", () => {
  const calls = simulate("gpu-host");
  const byGroup = openByGroup(calls, IDLE.group, IDLE.id);
  const first = deviceInfo(calls, byGroup.device);
  closeAll(calls, byGroup.device, byGroup.group, byGroup.container);
  const byCdev = openByCdev(calls, IDLE.cdev);
  assertEquals(deviceInfo(calls, byCdev.device), first);
  closeAll(calls, byCdev.device, byCdev.iommufd);
});

Deno.test("simulateSyscalls() takes a container's requests in their order", () => {
  const calls = simulate("gpu-host");
  const container = openNode(calls, "vfio/vfio");
  assertEquals(calls.ioctl(container, VFIO_GET_API_VERSION), VFIO_API_VERSION);
  assertEquals(calls.ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU), 1);
  assertEquals(calls.ioctl(container, VFIO_CHECK_EXTENSION, VFIO_NOIOMMU_IOMMU), 0);
  assertErrno("EINVAL", () => calls.ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
  const group = openNode(calls, `vfio/${IDLE.group}`);
  assertEquals(groupFlags(calls, group), VFIO_GROUP_FLAGS_VIABLE);
  assertErrno("EINVAL", () => calls.ioctl(group, VFIO_GROUP_GET_DEVICE_FD, text(IDLE.id)));
  calls.ioctl(group, VFIO_GROUP_SET_CONTAINER, pointerTo(container));
  assertEquals(groupFlags(calls, group), VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET);
  assertErrno("EINVAL", () => calls.ioctl(group, VFIO_GROUP_SET_CONTAINER, pointerTo(container)));
  assertErrno("EINVAL", () => calls.ioctl(group, VFIO_GROUP_GET_DEVICE_FD, text(IDLE.id)));
  calls.ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
  assertErrno("ENODEV", () => calls.ioctl(group, VFIO_GROUP_GET_DEVICE_FD, text("0000:00:00.0")));
  calls.ioctl(group, VFIO_GROUP_UNSET_CONTAINER);
  assertErrno("EINVAL", () => calls.ioctl(group, VFIO_GROUP_UNSET_CONTAINER));
  closeAll(calls, group, container);
});

Deno.test("simulateSyscalls() refuses what a process of the scenario holds", () => {
  const calls = simulate("gpu-host");
  assertErrno("EBUSY", () => openNode(calls, "vfio/120"));
  assertErrno("EBUSY", () => openNode(calls, "vfio/132"));
  const iommufd = openNode(calls, "iommu");
  const heldByGroup = openNode(calls, "vfio/devices/vfio1");
  const heldByCdev = openNode(calls, "vfio/devices/vfio6");
  assertErrno("EBUSY", () => bind(calls, heldByGroup, iommufd));
  assertErrno("EINVAL", () => bind(calls, heldByCdev, iommufd));
  closeAll(calls, heldByGroup, heldByCdev, iommufd);
});

Deno.test("simulateSyscalls() makes group and cdev exclude each other", () => {
  const calls = simulate("gpu-host");
  const group = openNode(calls, `vfio/${IDLE.group}`);
  assertErrno("EBUSY", () => openNode(calls, `vfio/${IDLE.group}`));
  const iommufd = openNode(calls, "iommu");
  const cdev = openNode(calls, `vfio/devices/${IDLE.cdev}`);
  assertErrno("EBUSY", () => bind(calls, cdev, iommufd));
  calls.close(group);
  bind(calls, cdev, iommufd);
  assertErrno("EINVAL", () => bind(calls, cdev, iommufd));
  const second = openNode(calls, `vfio/devices/${IDLE.cdev}`);
  assertErrno("EINVAL", () => bind(calls, second, iommufd));
  assertErrno("EBUSY", () => openNode(calls, `vfio/${IDLE.group}`));
  calls.close(cdev);
  calls.close(openNode(calls, `vfio/${IDLE.group}`));
  closeAll(calls, second, iommufd);
});

Deno.test("simulateSyscalls() keeps a group open while a device of it is open", () => {
  const calls = simulate("gpu-host");
  const { container, group, device } = openByGroup(calls, IDLE.group, IDLE.id);
  assertErrno("EBUSY", () => calls.ioctl(group, VFIO_GROUP_UNSET_CONTAINER));
  calls.close(group);
  calls.close(container);
  assertEquals(deviceInfo(calls, device).num_regions, 9);
  assertErrno("EBUSY", () => openNode(calls, `vfio/${IDLE.group}`));
  calls.close(device);
  closeAll(calls, openNode(calls, `vfio/${IDLE.group}`));
});

Deno.test("simulateSyscalls() gives a cdev no access before it is bound", () => {
  const calls = simulate("gpu-host");
  const cdev = openNode(calls, `vfio/devices/${IDLE.cdev}`);
  assertErrno("EINVAL", () => deviceInfo(calls, cdev));
  assertErrno("EINVAL", () => calls.pread(cdev, new Uint8Array(4), 7n << 40n));
  closeAll(calls, cdev);
});

Deno.test("simulateSyscalls() shows a group that is not viable, and refuses its use", () => {
  const calls = simulate("mixed");
  const container = openNode(calls, "vfio/vfio");
  const group = openNode(calls, "vfio/25");
  assertEquals(groupFlags(calls, group), 0);
  assertErrno("EPERM", () => calls.ioctl(group, VFIO_GROUP_SET_CONTAINER, pointerTo(container)));
  calls.close(group);
  const iommufd = openNode(calls, "iommu");
  const cdev = openNode(calls, "vfio/devices/vfio12");
  assertErrno("EPERM", () => bind(calls, cdev, iommufd));
  closeAll(calls, cdev, iommufd, container);
});

Deno.test("simulateSyscalls() opens a device without an IOMMU only in its own kind of container", () => {
  const calls = simulate("mixed");
  const container = openNode(calls, "vfio/vfio");
  const group = openNode(calls, "vfio/noiommu-74");
  calls.ioctl(group, VFIO_GROUP_SET_CONTAINER, pointerTo(container));
  assertEquals(calls.ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU), 0);
  assertErrno("ENODEV", () => calls.ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
  calls.ioctl(container, VFIO_SET_IOMMU, VFIO_NOIOMMU_IOMMU);
  const device = calls.ioctl(group, VFIO_GROUP_GET_DEVICE_FD, text("0000:09:00.0"));
  assertErrno("ENOENT", () => openNode(calls, "vfio/devices/vfio13"));
  closeAll(calls, device, group, container);
});

Deno.test("simulateSyscalls() returns ENODEV if a vGPU function has no type", () => {
  const calls = simulate("mixed");
  const iommufd = openNode(calls, "iommu");
  const cdev = openNode(calls, "vfio/devices/vfio7");
  assertErrno("ENODEV", () => bind(calls, cdev, iommufd));
  closeAll(calls, cdev, iommufd);
});

Deno.test("simulateSyscalls() has no cdev if the kernel has no IOMMUFD, and no path outside the root", () => {
  const { host, ...rest } = scenario("gpu-host");
  const calls = simulateSyscalls({ ...rest, host: { ...host, iommufd: false } }, ROOTS);
  assertErrno("ENOENT", () => openNode(calls, "iommu"));
  assertErrno("ENOENT", () => openNode(calls, `vfio/devices/${IDLE.cdev}`));
  assertErrno("ENOENT", () => openNode(calls, "vfio/4711"));
  assertErrno("ENOENT", () => calls.open("/dev/vfio/vfio", O_RDWR));
});

Deno.test("simulateSyscalls() checks argsz, argument and request number", () => {
  const calls = simulate("gpu-host");
  const { container, group, device } = openByGroup(calls, IDLE.group, IDLE.id);
  assertEquals(deviceInfo(calls, device, 20).num_irqs, 5);
  assertErrno("EINVAL", () => deviceInfo(calls, device, 19));
  assertErrno("EFAULT", () => calls.ioctl(device, VFIO_DEVICE_GET_INFO, new Uint8Array(8)));
  assertErrno("EFAULT", () => calls.ioctl(device, VFIO_DEVICE_GET_INFO, 24));
  for (const fd of [container, group, device]) {
    assertErrno("ENOTTY", () => calls.ioctl(fd, 0x3bff, new Uint8Array(8)));
  }
  closeAll(calls, device, group, container);
});

Deno.test("simulateSyscalls() counts descriptors and logs calls", () => {
  const calls = simulate("gpu-host");
  const { iommufd, device } = openByCdev(calls, IDLE.cdev);
  assertEquals(calls.openDescriptors, 2);
  closeAll(calls, device, iommufd);
  assertErrno("EBADF", () => calls.close(device));
  assertErrno("EBADF", () => calls.read(iommufd, new Uint8Array(1)));
  assertEquals(calls.log.slice(0, 3), [
    "open /dev/iommu = 3",
    "open /dev/vfio/devices/vfio3 = 4",
    "ioctl 4 VFIO_DEVICE_BIND_IOMMUFD = 0",
  ]);
  assert(calls.log.includes("close 4 = EBADF"));
});
