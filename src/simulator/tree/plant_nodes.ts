import { join } from "@std/path";
import type { Scenario, SimulatedDevice } from "../scenario.ts";
import { groupNode, hasCdev } from "../topology.ts";
import type { Tree } from "./tree.ts";

const AGE_MS = 60 * 60 * 1000;

/** Device nodes, as empty files that are one hour old: the age of a node is the age of its device. */
export function plantNodes(dev: Tree, scenario: Scenario): void {
  const then = new Date(Date.now() - AGE_MS);
  for (const node of nodesOf(scenario)) {
    dev.bytes(node, new Uint8Array());
    Deno.utimeSync(join(dev.root, node), then, then);
  }
}

/** The nodes of a scenario, below `/dev`. */
function nodesOf(scenario: Scenario): ReadonlySet<string> {
  const bound = scenario.devices.filter((device) => device.vfio !== null);
  return new Set([
    "vfio/vfio",
    ...(scenario.host.iommufd ? ["iommu"] : []),
    ...bound.flatMap((device) => deviceNodes(scenario, device)),
  ]);
}

/** The nodes of a device with a VFIO driver: its group's node and its cdev. */
export function deviceNodes(scenario: Scenario, device: SimulatedDevice): string[] {
  const cdev = hasCdev(scenario, device) ? [`vfio/devices/vfio${device.vfio!.index}`] : [];
  return [`vfio/${groupNode(device)}`, ...cdev];
}
