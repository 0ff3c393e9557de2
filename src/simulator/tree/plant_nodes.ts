import { join } from "@std/path";
import type { Scenario, SimulatedDevice } from "../scenario.ts";
import { groupNode, hasCdev } from "../topology.ts";
import type { Tree } from "./tree.ts";

const AGE_MS = 60 * 60 * 1000;

/** Device nodes, as empty files that are one hour old: the age of a node is the age of its device. */
export function plantNodes(dev: Tree, scenario: Scenario): void {
  const then = new Date(Date.now() - AGE_MS);
  const iommufd = scenario.host.iommufd ? ["iommu"] : [];
  const nodes = scenario.devices.flatMap((device) => deviceNodes(scenario, device));
  for (const node of new Set(["vfio/vfio", ...iommufd, ...nodes])) {
    dev.bytes(node, new Uint8Array());
    Deno.utimeSync(join(dev.root, node), then, then);
  }
}

/** The nodes of a device, below `/dev`: none without a VFIO driver, else its group's node and its cdev. */
export function deviceNodes(scenario: Scenario, device: SimulatedDevice): string[] {
  if (device.vfio === null) return [];
  const cdev = hasCdev(scenario, device) ? [`vfio/devices/vfio${device.vfio.index}`] : [];
  return [`vfio/${groupNode(device)}`, ...cdev];
}
