import { join } from "@std/path";
import type { Driver } from "../identity/mod.ts";
import { lastPart, readAttribute, readLink } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";

/**
 * The driver bound to a device, null where none is.
 *
 * Source: `<device>/driver`, `/sys/bus/B/drivers/D/module`, `/sys/module/M/{version,srcversion}`. A driver
 * that is built in has no module link, and most in-tree modules have no version.
 */
export function readDriver(device: string): Driver | null {
  const link = readLink(join(device, "driver"));
  if (link === null) return null;
  const module = readLink(join(device, "driver", "module"));
  if (module === null) {
    return { name: lastPart(link), module: null, version: null, srcversion: null };
  }
  const path = join(device, "driver", "module");
  return {
    name: lastPart(link),
    module: lastPart(module),
    version: readAttribute(join(path, "version")),
    srcversion: readAttribute(join(path, "srcversion")),
  };
}

/** The module of a name as a driver, null where it is not loaded. Source: `/sys/module/M`. */
export function readModule({ sys }: HostRoots, name: string): Driver | null {
  const path = join(sys, "module", name.replaceAll("-", "_"));
  const srcversion = readAttribute(join(path, "srcversion"));
  const version = readAttribute(join(path, "version"));
  if (srcversion === null && version === null && readAttribute(join(path, "refcnt")) === null) {
    return null;
  }
  return { name, module: lastPart(path), version, srcversion };
}
