import { join } from "@std/path";
import { lastPart, listDirectory, readLink, resolvePath } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";

/** The location of a PCI virtual function, with any driver or none. */
export interface VirtualFunctionPath {
  id: string;
  /** Its directory, with links followed. */
  path: string;
  /** The address of its physical function. */
  parent: string;
}

/**
 * The virtual functions of the host, ordered by name, except those with the given names.
 *
 * Source: `/sys/bus/pci/devices/A/physfn`.
 */
export function listVirtualFunctions(
  { sys }: HostRoots,
  except: ReadonlySet<string> = new Set(),
): VirtualFunctionPath[] {
  const devices = join(sys, "bus/pci/devices");
  return listDirectory(devices).filter((id) => !except.has(id)).flatMap((id) => {
    const physfn = readLink(join(devices, id, "physfn"));
    const path = physfn === null ? null : resolvePath(join(devices, id));
    return physfn === null || path === null ? [] : [{ id, path, parent: lastPart(physfn) }];
  });
}
