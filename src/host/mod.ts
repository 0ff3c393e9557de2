/**
 * What this host has, read from sysfs, procfs and the nodes in `/dev`: one file per part of the tree.
 *
 * Question: which VFIO devices and types are there, bound to what, held by whom? Choice: plain synchronous
 * reads of small kernel files, through libc, below three roots that can be moved; absence is an answer (null), not an
 * error, and whatever else the kernel says is a {@link Failure} that its caller turns into a problem of
 * that one device. Nothing here opens a device. A directory is listed once and only what is there is read; what many
 * devices have in common is read once a scan ({@link ScanCache}); long work gives others a turn every 10 ms ({@link Turns}). Given up: udev and its database, since
 * a device's state is what the kernel says now; and asynchronous reads, which cost ten times as much here.
 *
 * @module
 */
export * from "./attribute.ts";
export * from "./device.ts";
export * from "./driver.ts";
export * from "./facts/mod.ts";
export * from "./holders.ts";
export * from "./host.ts";
export * from "./iommu.ts";
export * from "./iommu_group.ts";
export * from "./mdev_types.ts";
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
