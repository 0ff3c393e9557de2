/**
 * A handle on a VFIO device.
 *
 * Question: how is one device opened so that it can be asked, and given back whatever happens? Choice: the
 * device's own cdev, bound to a fresh iommufd, where the kernel has one; else its group in a fresh
 * container; both end in a descriptor that takes the same ioctls. A handle is taken with `using`. That
 * somebody else holds the device, or that we may not open it, are answers, not errors. Given up: sharing a
 * container or an iommufd between devices, which would tie the fate of one to another.
 *
 * Opening is not free: while a device is open here, a virtual machine that starts with it fails with EBUSY,
 * and opening or closing a physical function, or any PCI function that can be reset, resets it.
 *
 * @module
 */
export * from "./feature.ts";
export * from "./handle.ts";
export * from "./open.ts";
export * from "./short_transfer.ts";
export * from "./state.ts";
export * from "./v1_region.ts";
export * from "./without_interrupts.ts";
export type { Opened } from "./step.ts";
