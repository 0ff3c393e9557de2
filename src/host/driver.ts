import { join } from "@std/path";
import type { Driver } from "../documents/mod.ts";
import { lastPart, readAttribute, readInode, readLink } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";
import { remembered, type ScanCache } from "./scan_cache.ts";

/**
 * The driver bound to a device, or null.
 *
 * Source: `<device>/driver`, `/sys/bus/B/drivers/D/module`, `/sys/module/M/{version,srcversion}`. A built-in driver has
 * no module link, and most in-tree modules have no version.
 *
 * `load` is the inode of `/sys/bus/B/drivers/D`. Observed on Linux 6.12 with mtty, askv1 and vfio-pci: it changes with
 * `rmmod` and `insmod`, while srcversion and the addresses of most sections come back unchanged. It does not change
 * when devices are queried, created, removed, unbound or bound, or when caches are dropped. A built-in driver keeps it
 * until the next boot. The inode is read for each device, the module's attributes once per load and scan.
 */
export function readDriver(device: string, cache: ScanCache = new Map()): Driver | null {
  const path = `${device}/driver`;
  const link = readLink(path);
  if (link === null) return null;
  const load = readInode(path, { follow: true });
  return remembered(cache, `driver ${lastPart(link)} ${load}`, () => {
    const module = readLink(`${path}/module`);
    const read = (name: string) => module === null ? null : readAttribute(`${path}/module/${name}`);
    return {
      name: lastPart(link),
      module: module === null ? null : lastPart(module),
      version: read("version"),
      srcversion: read("srcversion"),
      load,
    };
  });
}

/**
 * Identifies the current binding of a device to its driver: the inode of the link `<device>/driver`, which the kernel
 * creates at each binding. Null without a driver.
 */
export function readBinding(device: string): string | null {
  return readInode(`${device}/driver`, { follow: false });
}

/** The module of a name, as a driver. Null if it is not loaded. Source: `/sys/module/M`; its inode is `load`. */
export function readModule({ sys }: HostRoots, name: string): Driver | null {
  const path = join(sys, "module", name.replaceAll("-", "_"));
  const srcversion = readAttribute(join(path, "srcversion"));
  const version = readAttribute(join(path, "version"));
  if (srcversion === null && version === null && readAttribute(join(path, "refcnt")) === null) {
    return null;
  }
  return {
    name,
    module: lastPart(path),
    version,
    srcversion,
    load: readInode(path, { follow: true }),
  };
}
