import { DEVLINK_PORT_FLAVOUR_PCI_VF } from "../../../ffi/devlink.ts";
import type { Syscalls } from "../../../ffi/syscalls.ts";
import type { Declared } from "../../documents/mod.ts";
import { type DevlinkPort, type DevlinkVersions, readDevlink } from "./devlink.ts";

/** A PCI function for which devlink is asked. */
export interface DeclaredOf {
  /** The physical function's address: its driver has the devlink device. */
  physicalFunction: string;
  /** Which of its virtual functions is meant, from 0; null for the physical one itself. */
  virtualFunction: number | null;
}

/** The names of the firmware as a whole. Source: devlink-info.rst, mlx5.rst. */
const WHOLE_FIRMWARE = ["fw", "fw.version"];

/**
 * The firmware that a PCI function runs on, and whether it may be migrated, as devlink declares them. Both
 * are null where devlink knows nothing of it.
 *
 * Source and effect: those of {@link readDevlink}, of which it throws the {@link Failure}. `migratable` is the
 * port function's, which is there in switchdev mode only.
 */
export function readDeclared(
  sys: Syscalls,
  { physicalFunction, virtualFunction }: DeclaredOf,
): Declared {
  const ports = virtualFunction !== null;
  const found = readDevlink(sys, { bus: "pci", name: physicalFunction }, { ports });
  if (found === null) return { firmware: null, migratable: null };
  return {
    firmware: firmwareOf(found.versions),
    migratable: ports ? migratableOf(found.ports, virtualFunction) : null,
    versions: found.versions,
  };
}

/**
 * One version for the whole firmware that runs, null where the driver names none.
 *
 * `fw` is the overall version (pds_core, mlx5_core of late), `fw.version` the same as mlx5_core always named
 * it. Else the first that begins with `fw.`, in the driver's order: drivers without an overall version put
 * their main part first (`fw.mgmt` of ice). Never what is stored, which may run only after a reset, nor what
 * is fixed: `fw.psid` names a board. Source: devlink-info.rst, and the drivers' files beside it.
 */
export function firmwareOf({ running }: DevlinkVersions): string | null {
  const names = Object.keys(running);
  const name = WHOLE_FIRMWARE.find((whole) => names.includes(whole)) ??
    names.find((other) => other.startsWith("fw."));
  return name === undefined ? null : running[name]!;
}

/**
 * Whether a virtual function of this machine may be migrated, null where no port, or more than one, is its.
 * The number of the physical function is not compared: drivers differ in what they count there.
 */
export function migratableOf(
  ports: readonly DevlinkPort[],
  virtualFunction: number,
): boolean | null {
  const its = ports.filter(({ flavour, vfNumber, external }) =>
    flavour === DEVLINK_PORT_FLAVOUR_PCI_VF && vfNumber === virtualFunction && !external
  );
  return its.length === 1 ? its[0]!.migratable : null;
}
