import type { Scenario, SimulatedDevice } from "../scenario.ts";
import { devicePath, groupNode } from "../topology.ts";
import type { Tree } from "./tree.ts";

/** The `type` of a group with an IOMMU. Groups that VFIO creates have `unknown`. */
const DOMAIN_TYPE = "DMA-FQ";
/** The name of groups that VFIO creates, for mdevs and for devices without an IOMMU. */
const MADE_UP_NAME = "vfio-noiommu";

/** `/sys/kernel/iommu_groups`, and `/sys/class/vfio` for groups with a VFIO node. */
export function plantGroups(sys: Tree, scenario: Scenario): void {
  const groups = Map.groupBy(scenario.devices, (device) => device.iommuGroup);
  for (const [id, devices] of groups) {
    if (id === null) continue;
    plantGroup(sys, `kernel/iommu_groups/${id}`, devices);
    const bound = devices.find((device) => device.vfio !== null);
    if (bound === undefined) continue;
    const node = groupNode(bound);
    sys.directory(`devices/virtual/vfio/${node}`);
    sys.link(`devices/virtual/vfio/${node}/subsystem`, "class/vfio");
    sys.link(`class/vfio/${node}`, `devices/virtual/vfio/${node}`);
  }
}

function plantGroup(sys: Tree, path: string, devices: readonly SimulatedDevice[]): void {
  const madeUp = devices.some(({ vfio }) => vfio !== null && vfio.iommu !== "physical");
  sys.attribute(`${path}/type`, madeUp ? "unknown" : DOMAIN_TYPE);
  if (madeUp) sys.attribute(`${path}/name`, MADE_UP_NAME);
  for (const device of devices) sys.link(`${path}/devices/${device.id}`, devicePath(device));
}
