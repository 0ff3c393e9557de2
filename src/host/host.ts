import { join } from "@std/path";
import { escaped, type Host } from "../documents/mod.ts";
import { readAttribute } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";

/**
 * The host's name, kernel release and boot id.
 *
 * Source: `/proc/sys/kernel/{hostname,osrelease,random/boot_id}`. If a file is missing, a placeholder says so, because
 * a document must name a host. Control characters in the name, which sethostname(2) allows, are escaped.
 */
export function readHost({ proc }: HostRoots): Host {
  const kernel = join(proc, "sys/kernel");
  return {
    name: escaped(readAttribute(join(kernel, "hostname")) || "unnamed"),
    kernel: escaped(readAttribute(join(kernel, "osrelease")) || "unknown"),
    bootId: readAttribute(join(kernel, "random/boot_id")) || null,
  };
}
