import type { Scenario, SimulatedDevice } from "./scenario.ts";

/** The drivers of a scenario's devices, and of the mdevs that its types make: `pci:vfio-pci`, `mdev:mtty`. */
export function driversOf({ devices }: Scenario): ReadonlySet<string> {
  const found = devices.flatMap(({ subsystem, driver, mdevTypes }) => [
    ...("bus" in subsystem && driver !== null ? [`${subsystem.bus}:${driver}`] : []),
    ...mdevTypes.flatMap(({ makes }) => makes === undefined ? [] : [`mdev:${makes.driver}`]),
  ]);
  return new Set(found);
}

/** The module of a driver: usually of the same name. */
export function moduleOf(driver: string): string {
  return driver === "4xxx" ? "qat_4xxx" : driver.replaceAll("-", "_");
}

/** The name of a device's group node below `/dev/vfio`: `12`, `noiommu-3`. */
export function groupNode(device: SimulatedDevice): string {
  const prefix = device.vfio?.iommu === "noiommu" ? "noiommu-" : "";
  return `${prefix}${device.iommuGroup}`;
}

/** Whether the kernel creates a cdev for a device. This requires IOMMUFD and an IOMMU. */
export function hasCdev(scenario: Scenario, device: SimulatedDevice): boolean {
  return scenario.host.iommufd && device.vfio !== null && device.vfio.iommu !== "noiommu";
}

/** Whether nothing in a group does DMA for the host itself. */
export function isViable(scenario: Scenario, group: number | null): boolean {
  return scenario.devices.filter((device) => device.iommuGroup === group).every((device) =>
    device.vfio !== null || device.driver === null
  );
}

/** The path of a device's directory in sysfs. */
export function devicePath(device: SimulatedDevice): string {
  return `devices/${device.directory}`;
}
