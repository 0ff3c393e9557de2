/**
 * A handle on a VFIO device.
 *
 * Question: how is one device opened for queries, and always released? Choice: the device's own cdev, bound to a new
 * iommufd, if the kernel has one. Otherwise its group, in a new container. Both give a descriptor that takes the same
 * ioctls. Take a handle with `using`. A device in use and missing permission are answers, not errors. Given up: sharing
 * a container or an iommufd between devices, because then one device's failure would affect others.
 *
 * Opening has side effects. While a device is open here, a virtual machine that starts with it fails with EBUSY.
 * Opening or closing a physical function, or any PCI function that can be reset, resets it.
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
