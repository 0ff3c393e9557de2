import { join } from "@std/path";
import type { HostRoots } from "../../host/roots.ts";
import type { Scenario, SimulatedDevice } from "../scenario.ts";
import { devicePath, groupNode } from "../topology.ts";
import { mdevTypePath, plantDevice } from "./plant_device.ts";
import { plantGroups } from "./plant_groups.ts";
import { deviceNodes } from "./plant_nodes.ts";
import { Tree } from "./tree.ts";

/** Plants a new mdev: its directory, links, group and nodes, with the current time. */
export function plantMdev(roots: HostRoots, scenario: Scenario, device: SimulatedDevice): void {
  const sys = new Tree(roots.sys);
  plantDevice(sys, scenario, device);
  plantGroups(sys, { ...scenario, devices: [device] });
  const dev = new Tree(roots.dev);
  for (const node of deviceNodes(scenario, device)) dev.bytes(node, new Uint8Array());
}

/** Removes all of that. */
export function uprootMdev(roots: HostRoots, scenario: Scenario, device: SimulatedDevice): void {
  const { id, driver, iommuGroup, vfio } = device;
  const group = groupNode(device);
  const sys = [
    `${mdevTypePath(device)}/devices/${id}`,
    `bus/mdev/devices/${id}`,
    `bus/mdev/drivers/${driver}/${id}`,
    `class/vfio-dev/vfio${vfio?.index}`,
    `class/vfio/${group}`,
    `devices/virtual/vfio/${group}`,
    `kernel/iommu_groups/${iommuGroup}`,
    devicePath(device),
  ];
  for (const path of sys) Deno.removeSync(join(roots.sys, path), { recursive: true });
  for (const node of deviceNodes(scenario, device)) Deno.removeSync(join(roots.dev, node));
}
