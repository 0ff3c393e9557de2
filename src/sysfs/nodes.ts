import { lastPart, listDirectory, namesIn } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";
import { remembered, type ScanCache } from "./scan_cache.ts";

/** The nodes that a device is opened through, as `/dev` names them whatever the root, and their age. */
export interface DeviceNodes {
  cdev: string | null;
  group: string | null;
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
  { dev }: HostRoots,
  device: string,
  group: string | null,
  cache: ScanCache = new Map(),
): DeviceNodes {
  const name = remembered(cache, `vfio-dev ${device}`, () => readVfioDevName(device));
  const age = (folder: string, node: string) =>
    remembered(cache, folder, () => namesIn(`${dev}/${folder}`)).has(node)
      ? readAge(dev, `${folder}/${node}`)
      : null;
  const cdev = name === null ? null : age("vfio/devices", name);
  const groupNode = group === null ? null : age("vfio", group) ?? age("vfio", `noiommu-${group}`);
  const ages = [cdev?.since, groupNode?.since].filter((since) => since !== undefined);
  return {
    cdev: cdev?.node ?? null,
    group: groupNode?.node ?? null,
    since: ages.length === 0 ? null : Math.max(...ages),
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

/** A node and when it was made, null where it is gone. */
function readAge(dev: string, name: string): { node: string; since: number } | null {
  try {
    const { mtime } = Deno.statSync(`${dev}/${name}`);
    return { node: `/dev/${name}`, since: mtime?.getTime() ?? 0 };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
