import { readStatus } from "../../ffi/files.ts";
import { lastPart, listDirectory, namesIn } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";
import { remembered, type ScanCache } from "./scan_cache.ts";

/** The nodes that a device is opened through, as `/dev` names them whatever the root. */
export interface NodeNames {
  cdev: string | null;
  group: string | null;
}

/** The nodes of a device and their age. */
export interface DeviceNodes extends NodeNames {
  /** When the younger of them appeared, in milliseconds since 1970. */
  since: number | null;
}

/**
 * The nodes of a device.
 *
 * Source: `<device>/vfio-dev/vfioN` names the cdev `/dev/vfio/devices/vfioN`, which exists only where the
 * kernel has CONFIG_VFIO_DEVICE_CDEV; the group's is `/dev/vfio/N`, or `noiommu-N` without an IOMMU. A
 * node's mtime is when devtmpfs made it: opening it or changing its owner leaves that alone.
 */
export function readNodes(
  roots: HostRoots,
  device: string,
  group: string | null,
  cache: ScanCache = new Map(),
): DeviceNodes {
  const names = readNodeNames(roots, device, group, cache);
  const [cdev, groupNode] = [names.cdev, names.group].map((node) => readAge(roots, node));
  const ages = [cdev, groupNode].filter((since) => typeof since === "number");
  return {
    cdev: cdev === null ? null : names.cdev,
    group: groupNode === null ? null : names.group,
    since: ages.length === 0 ? null : Math.max(...ages),
  };
}

/** The nodes of a device, by what `/dev/vfio` listed when a scan first came to it. */
export function readNodeNames(
  { dev }: HostRoots,
  device: string,
  group: string | null,
  cache: ScanCache = new Map(),
): NodeNames {
  const name = remembered(cache, `vfio-dev ${device}`, () => readVfioDevName(device));
  const listed = (folder: string, node: string) =>
    remembered(cache, folder, () => namesIn(`${dev}/${folder}`)).has(node)
      ? `/dev/${folder}/${node}`
      : null;
  return {
    cdev: name === null ? null : listed("vfio/devices", name),
    group: group === null ? null : listed("vfio", group) ?? listed("vfio", `noiommu-${group}`),
  };
}

/** Whether a group's node stands for the no-IOMMU mode. */
export function isNoIommuNode(node: string): boolean {
  return lastPart(node).startsWith("noiommu-");
}

/** The name of a device in the class vfio-dev, null where it has none. */
function readVfioDevName(device: string): string | null {
  return listDirectory(`${device}/vfio-dev`).find((name) => /^vfio\d+$/.test(name)) ?? null;
}

/** When a node was made, null where there is none. */
function readAge({ dev }: HostRoots, node: string | null): number | null {
  if (node === null) return null;
  return readStatus(`${dev}${node.slice("/dev".length)}`, { follow: true })?.mtimeMs ?? null;
}
