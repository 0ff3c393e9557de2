import { join } from "@std/path";
import type { Host } from "../identity/mod.ts";
import { readAttribute } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";

/**
 * The host's name, kernel release and boot.
 *
 * Source: `/proc/sys/kernel/{hostname,osrelease,random/boot_id}`. Without them a name is made up that
 * says so, since a document must name some host.
 */
export function readHost({ proc }: HostRoots): Host {
  const kernel = join(proc, "sys/kernel");
  return {
    name: readAttribute(join(kernel, "hostname")) || "unnamed",
    kernel: readAttribute(join(kernel, "osrelease")) || "unknown",
    bootId: readAttribute(join(kernel, "random/boot_id")) || null,
  };
}
