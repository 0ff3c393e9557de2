import { join } from "@std/path";
import { escaped, type Host } from "../documents/mod.ts";
import { readAttribute } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";

/**
 * The host's name, kernel release and boot.
 *
 * Source: `/proc/sys/kernel/{hostname,osrelease,random/boot_id}`. Without them a name is made up that
 * says so, since a document must name some host; one with control characters, which sethostname(2) takes, is escaped.
 */
export function readHost({ proc }: HostRoots): Host {
  const kernel = join(proc, "sys/kernel");
  return {
    name: escaped(readAttribute(join(kernel, "hostname")) || "unnamed"),
    kernel: escaped(readAttribute(join(kernel, "osrelease")) || "unknown"),
    bootId: readAttribute(join(kernel, "random/boot_id")) || null,
  };
}
