import { readStatus } from "../../ffi/files.ts";
import { lastPart, listDirectory, namesIn } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";
import { remembered, type ScanCache } from "./scan_cache.ts";

/** The nodes through which a device is opened, named as in `/dev` for any root. */
export interface NodeNames {
  cdev: string | null;
  group: string | null;
}

/** The nodes of a device and their age. */
export interface DeviceNodes extends NodeNames {
  /** When the newer node appeared, in milliseconds since 1970. */
  since: number | null;
}

/**
 * The nodes of a device.
 *
 * Source: `<device>/vfio-dev/vfioN` names the cdev `/dev/vfio/devices/vfioN`, which exists only if the kernel has
 * CONFIG_VFIO_DEVICE_CDEV. The group's node is `/dev/vfio/N`, or `noiommu-N` without an IOMMU. The mtime of a node is
 * when devtmpfs created it: opening the node or changing its owner does not change it.
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

/** The nodes of a device, from the listing of `/dev/vfio` that the scan made first. */
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

/** Whether a group's node is for no-IOMMU mode. */
export function isNoIommuNode(node: string): boolean {
  return lastPart(node).startsWith("noiommu-");
}

/** The name of a device in the class vfio-dev, or null. */
function readVfioDevName(device: string): string | null {
  return listDirectory(`${device}/vfio-dev`).find((name) => /^vfio\d+$/.test(name)) ?? null;
}

/** When a node was created, or null without a node. */
function readAge({ dev }: HostRoots, node: string | null): number | null {
  if (node === null) return null;
  return readStatus(`${dev}${node.slice("/dev".length)}`, { follow: true })?.mtimeMs ?? null;
}
