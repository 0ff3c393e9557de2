import { DEVLINK_PORT_FLAVOUR_PCI_VF } from "../../../ffi/devlink.ts";
import type { Syscalls } from "../../../ffi/syscalls.ts";
import type { Declared } from "../../documents/mod.ts";
import { type DevlinkPort, type DevlinkVersions, readDevlink } from "./devlink.ts";

/** The PCI function to query devlink for. */
export interface DeclaredOf {
  /** The address of the physical function. Its driver owns the devlink device. */
  physicalFunction: string;
  /** The number of the virtual function, from 0. Null for the physical function itself. */
  virtualFunction: number | null;
}

/** Names for the whole firmware. Source: devlink-info.rst, mlx5.rst. */
const WHOLE_FIRMWARE = ["fw", "fw.version"];

/**
 * The firmware of a PCI function, and whether the function may be migrated, as devlink reports them. Both are null if
 * devlink has no data.
 *
 * Source, effect and {@link Failure}: those of {@link readDevlink}. `migratable` comes from the port function, which
 * exists only in switchdev mode.
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
 * One version for the whole running firmware, or null if the driver names none.
 *
 * `fw` is the overall version (pds_core, recent mlx5_core). `fw.version` is the same; mlx5_core has always used it.
 * Otherwise the first name that begins with `fw.`, in the driver's order: drivers without an overall version list their
 * main part first (`fw.mgmt` of ice). Never a stored version, which may run only after a reset. Never a fixed one:
 * `fw.psid` names a board. Source: devlink-info.rst, and the drivers' files in the same directory.
 */
export function firmwareOf({ running }: DevlinkVersions): string | null {
  const names = Object.keys(running);
  const name = WHOLE_FIRMWARE.find((whole) => names.includes(whole)) ??
    names.find((other) => other.startsWith("fw."));
  return name === undefined ? null : running[name]!;
}

/**
 * Whether a virtual function of this machine may be migrated. Null if not exactly one port belongs to it. The number of
 * the physical function is not compared, because drivers count it differently.
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
