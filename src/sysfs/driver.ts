import { join } from "@std/path";
import type { Driver } from "../identity/mod.ts";
import { lastPart, readAttribute, readInode, readLink } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";

/**
 * The driver bound to a device, null where none is.
 *
 * Source: `<device>/driver`, `/sys/bus/B/drivers/D/module`, `/sys/module/M/{version,srcversion}`. A driver
 * that is built in has no module link, and most in-tree modules have no version.
 *
 * `load` is the inode of `/sys/bus/B/drivers/D`. Observed on Linux 6.12 with mtty, askv1 and vfio-pci: it changes with
 * `rmmod` and `insmod`, while srcversion and the addresses of most sections come back the same. It stays while devices
 * are asked, made, removed, unbound and bound, and while caches are dropped. A built-in driver keeps it for the boot.
 */
export function readDriver(device: string): Driver | null {
  const link = readLink(join(device, "driver"));
  if (link === null) return null;
  const module = readLink(join(device, "driver", "module"));
  const load = readInode(join(device, "driver"), { follow: true });
  if (module === null) {
    return { name: lastPart(link), module: null, version: null, srcversion: null, load };
  }
  const path = join(device, "driver", "module");
  return {
    name: lastPart(link),
    module: lastPart(module),
    version: readAttribute(join(path, "version")),
    srcversion: readAttribute(join(path, "srcversion")),
    load,
  };
}

/**
 * Which binding of its driver a device has now, null where it has none: the inode of the link `<device>/driver`, which
 * the kernel makes at each binding.
 */
export function readBinding(device: string): string | null {
  return readInode(join(device, "driver"), { follow: false });
}

/** The module of a name as a driver, null where it is not loaded. Source: `/sys/module/M`; its inode is the `load`. */
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
