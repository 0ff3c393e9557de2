/** How to bind a PCI function to another driver: one imperative sentence, with driverctl or sysfs. */
export function bindRemedy(
  { id, driver, module, bound, inUse }: {
    id: string;
    driver: string;
    module: string;
    /** Whether it is bound to a driver now. */
    bound: boolean;
    inUse: boolean;
  },
): string {
  const device = `/sys/bus/pci/devices/${id}`;
  const commands = [
    `modprobe ${module}`,
    `echo ${driver} > ${device}/driver_override`,
    ...(bound ? [`echo ${id} > ${device}/driver/unbind`] : []),
    `echo ${id} > /sys/bus/pci/drivers_probe`,
  ];
  const run = `driverctl set-override ${id} ${driver}, or: ${commands.join("; ")}`;
  return inUse ? `Once no virtual machine uses it, run ${run}` : `Run ${run}`;
}

/** How to enable an IOMMU. Source: `Documentation/admin-guide/kernel-parameters.txt`. */
export const ENABLE_IOMMU =
  "Enable the IOMMU in the firmware (VT-d, AMD-Vi, SMMU), and on Intel hosts boot with intel_iommu=on.";
