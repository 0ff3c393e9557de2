/** How to bind a PCI function to another driver: one imperative sentence, by driverctl or by sysfs. */
export function bindRemedy(
  { id, driver, module, bound, inUse }: {
    id: string;
    driver: string;
    module: string;
    /** Whether a driver has it now. */
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

/** How an IOMMU is turned on. Source: `Documentation/admin-guide/kernel-parameters.txt`. */
export const ENABLE_IOMMU =
  "Enable the IOMMU in the firmware (VT-d, AMD-Vi, SMMU), and boot with intel_iommu=on where it is Intel's.";
