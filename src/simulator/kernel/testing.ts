import { assertEquals, assertThrows } from "@std/assert";
import { SysError } from "../../../ffi/errno.ts";
import { IOMMU_IOAS_ALLOC, iommu_ioas_alloc } from "../../../ffi/iommufd.ts";
import { type Bytes, O_RDWR, type Syscalls } from "../../../ffi/syscalls.ts";
import {
  VFIO_DEVICE_BIND_IOMMUFD,
  vfio_device_bind_iommufd,
  VFIO_DEVICE_FEATURE,
  vfio_device_feature,
  VFIO_DEVICE_FEATURE_GET,
  VFIO_DEVICE_FEATURE_SET,
  VFIO_GROUP_GET_DEVICE_FD,
  VFIO_GROUP_SET_CONTAINER,
  VFIO_SET_IOMMU,
  VFIO_TYPE1v2_IOMMU,
} from "../../../ffi/vfio.ts";
import {
  VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
  vfio_device_feature_mig_state,
} from "../../../ffi/vfio_migration.ts";
import { SCENARIOS } from "../hosts/scenarios.ts";
import type { Scenario } from "../scenario.ts";
import type { SimulatedSyscalls } from "./simulate_syscalls.ts";
import { type WatchedSyscalls, watchSyscalls } from "../../../tests/fixtures/watch_kernel.ts";

/** Empty roots: the system calls only match device nodes by their paths. */
export const ROOTS = { sys: "/simulated/sys", dev: "/simulated/dev", proc: "/simulated/proc" };

/** A scenario's system calls, by its name. */
export function simulate(name: string): WatchedSyscalls {
  return watchSyscalls(scenario(name), ROOTS);
}

/** A scenario by its name. */
export function scenario(name: string): Scenario {
  return SCENARIOS[name]!;
}

/** Opens a node by its path below `/dev`. */
export function openNode(calls: Syscalls, node: string): number {
  return calls.open(`${ROOTS.dev}/${node}`, O_RDWR);
}

/** A C string for `VFIO_GROUP_GET_DEVICE_FD`. */
export function text(name: string): Bytes {
  return new TextEncoder().encode(`${name}\0`);
}

/** A pointer to a descriptor for `VFIO_GROUP_SET_CONTAINER`. */
export function pointerTo(fd: number): Bytes {
  return new Uint8Array(new Int32Array([fd]).buffer);
}

/** Opens a device through container and group. Returns all three descriptors. */
export function openByGroup(calls: Syscalls, group: string, id: string) {
  const container = openNode(calls, "vfio/vfio");
  const fd = openNode(calls, `vfio/${group}`);
  calls.ioctl(fd, VFIO_GROUP_SET_CONTAINER, pointerTo(container));
  calls.ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
  const device = calls.ioctl(fd, VFIO_GROUP_GET_DEVICE_FD, text(id));
  return { container, group: fd, device };
}

/** Opens a cdev and binds it. Returns the descriptors and the device's number in the iommufd. */
export function openByCdev(calls: Syscalls, name: string) {
  const iommufd = openNode(calls, "iommu");
  const device = openNode(calls, `vfio/devices/${name}`);
  return { iommufd, device, devid: bind(calls, device, iommufd) };
}

/** Binds a cdev. Returns the device's number in the iommufd. */
export function bind(calls: Syscalls, device: number, iommufd: number): number {
  const argument = vfio_device_bind_iommufd.make({ argsz: 16, iommufd });
  calls.ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, argument);
  return vfio_device_bind_iommufd.read(argument).out_devid;
}

/** Creates an address space. Returns its number. */
export function allocIoas(calls: Syscalls, iommufd: number): number {
  const argument = iommu_ioas_alloc.make({ size: 12 });
  calls.ioctl(iommufd, IOMMU_IOAS_ALLOC, argument);
  return iommu_ioas_alloc.read(argument).out_ioas_id;
}

/** `VFIO_DEVICE_FEATURE` with these flags and data. Returns the data afterwards. */
export function feature(calls: Syscalls, device: number, flags: number, data = new Uint8Array()) {
  const argument = vfio_device_feature.make({ argsz: 8 + data.length, flags }, data.length);
  argument.set(data, 8);
  calls.ioctl(device, VFIO_DEVICE_FEATURE, argument);
  return argument.subarray(8);
}

/** The v2 state. */
export function getState(calls: Syscalls, device: number): number {
  const flags = VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE | VFIO_DEVICE_FEATURE_GET;
  const data = feature(calls, device, flags, vfio_device_feature_mig_state.make());
  return vfio_device_feature_mig_state.read(data).device_state;
}

/** Sets the state. Returns the data descriptor, or -1 if the arc has none. */
export function setState(calls: Syscalls, device: number, device_state: number): number {
  const flags = VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE | VFIO_DEVICE_FEATURE_SET;
  const data = feature(calls, device, flags, vfio_device_feature_mig_state.make({ device_state }));
  return vfio_device_feature_mig_state.read(data).data_fd;
}

/** Asserts that a call is refused with an errno. */
export function assertErrno(code: string, call: () => unknown): void {
  assertEquals(assertThrows(call, SysError).code, code);
}

/** Closes descriptors in the given order, and asserts that none is left open. */
export function closeAll(calls: SimulatedSyscalls, ...descriptors: readonly number[]): void {
  for (const fd of descriptors) calls.close(fd);
  assertEquals(calls.openDescriptors, 0);
}
