import { join } from "@std/path";
import type { Scenario } from "../scenario.ts";
import { groupNode, hasCdev } from "../topology.ts";
import type { Tree } from "./tree.ts";

const AGE_MS = 60 * 60 * 1000;

/** Device nodes, as empty files an hour old: a node's age is its device's. */
export function plantNodes(dev: Tree, scenario: Scenario): void {
  const bound = scenario.devices.filter((device) => device.vfio !== null);
  const nodes = new Set([
    "vfio/vfio",
    ...(scenario.host.iommufd ? ["iommu"] : []),
    ...bound.map((device) => `vfio/${groupNode(device)}`),
    ...bound.filter((device) => hasCdev(scenario, device))
      .map((device) => `vfio/devices/vfio${device.vfio!.index}`),
  ]);
  const then = new Date(Date.now() - AGE_MS);
  for (const node of nodes) {
    dev.bytes(node, new Uint8Array());
    Deno.utimeSync(join(dev.root, node), then, then);
  }
}
