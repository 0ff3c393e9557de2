/**
 * The state of this host, read from sysfs, procfs and the nodes in `/dev`. One file per part of the tree.
 *
 * Question: which VFIO devices and types exist, which driver is bound, and who holds them? Choice: plain synchronous
 * reads of small kernel files, through libc, below three movable roots. Absence is an answer (null), not an error. Any
 * other kernel error is a {@link Failure}, which the caller turns into a problem of that one device. Nothing here opens
 * a device. A directory is listed once, and only existing entries are read. What many devices have in common is read
 * once per scan ({@link ScanCache}). Long work yields every 10 ms ({@link Turns}). The
 * kernel's events only say what to read again ({@link HostEvents}). Given up: udev and its database, because the kernel
 * has the current state; and asynchronous reads, which cost ten times as much here.
 *
 * @module
 */
export * from "./attribute.ts";
export * from "./device.ts";
export * from "./driver.ts";
export * from "./facts/mod.ts";
export * from "./find_device.ts";
export * from "./holders.ts";
export * from "./host.ts";
export * from "./host_events.ts";
export * from "./iommu.ts";
export * from "./iommu_group.ts";
export * from "./mdev_types.ts";
export * from "./migration_state.ts";
export * from "./nodes.ts";
export * from "./nvidia_vgpu.ts";
export * from "./pci_function.ts";
export * from "./refresh_device.ts";
export * from "./roots.ts";
export { namesOfDevice, type ScanCache } from "./scan_cache.ts";
export * from "./turns.ts";
export * from "./version_attribute.ts";
export * from "./vfio_aliases.ts";
export * from "./vfio_devices.ts";
export * from "./virtual_functions.ts";
