/** The bus of a VFIO device, as named in sysfs. It decides how the device is found. */
export const DEVICE_KINDS = [
  "mdev",
  "pci",
  "platform",
  "amba",
  "ccw",
  "ap",
  "fsl-mc",
  "cdx",
] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

/**
 * The transparent type of a device that is not an mdev: `<driver>:<modalias>`. An mdev's type is the name of its type
 * directory in sysfs, which the kernel forms as `<driver>-<type>`.
 */
export function deviceTypeName(driver: string, modalias: string): string {
  return `${driver}:${modalias}`;
}

/**
 * The transparent type of an NVIDIA vGPU: `nvidia-<id>`, both for an mdev type and for a type that is set on an SR-IOV
 * function.
 */
export function vgpuTypeName(id: number): string {
  return `nvidia-${id}`;
}

/** The name at the start of a sentence about a device: its driver's, or the start of its type. */
export function vendorName(driver: { name: string } | null | undefined, type: string): string {
  return driver?.name ?? type.split(/[-:]/)[0]!;
}
