/** The bus that a VFIO device sits on, as sysfs names it, which is what decides how it is found. */
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
 * The transparent type of a device that is no mdev: `<driver>:<modalias>`. An mdev's type is the name of
 * its type directory in sysfs, which the kernel makes `<driver>-<type>`.
 */
export function deviceTypeName(driver: string, modalias: string): string {
  return `${driver}:${modalias}`;
}

/**
 * The transparent type of an NVIDIA vGPU: `nvidia-<id>`, alike for an mdev type and for a type that is
 * set on an SR-IOV function.
 */
export function vgpuTypeName(id: number): string {
  return `nvidia-${id}`;
}

/** The name that a sentence about a device starts with: its driver's, else what its type begins with. */
export function vendorName(driver: { name: string } | null | undefined, type: string): string {
  return driver?.name ?? type.split(/[-:]/)[0]!;
}
