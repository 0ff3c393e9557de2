import { join } from "@std/path";
import { type Capabilities, toProblem } from "../documents/mod.ts";
import { type DeclaredOf, readDeclared } from "../host/devlink/mod.ts";
import { lastPart, listDirectory, readLink, type SysfsDevice } from "../host/mod.ts";
import type { WorkerWorld } from "./world.ts";

/**
 * Adds to a device's answer what devlink declares about it. A virtual function is declared by its physical function.
 * There is no `declared` for a device that is not a PCI function, or if the request fails, which is a problem of the
 * device.
 *
 * Source: `virtfnN` of the physical function, and generic netlink, see `readDeclared`. Effect: none. Never
 * throws.
 */
export function addDeclared(
  world: WorkerWorld,
  device: SysfsDevice,
  answer: Capabilities,
): Capabilities {
  if (device.kind !== "pci") return answer;
  try {
    const sys = world.syscalls();
    return { ...answer, declared: readDeclared(sys, placeOf(world, device)) };
  } catch (error) {
    return { ...answer, problems: [...answer.problems, toProblem(error, device.id)] };
  }
}

/** Where devlink has a PCI function. A virtual function that its physical function does not list has no number. */
function placeOf({ roots }: WorkerWorld, { id, parent }: SysfsDevice): DeclaredOf {
  if (parent === null) return { physicalFunction: id, virtualFunction: null };
  const physical = join(roots.sys, "bus/pci/devices", parent);
  const link = listDirectory(physical).find((name) =>
    /^virtfn\d+$/.test(name) && lastPart(readLink(join(physical, name)) ?? "") === id
  );
  const virtualFunction = link === undefined ? null : Number(link.slice("virtfn".length));
  return { physicalFunction: parent, virtualFunction };
}
