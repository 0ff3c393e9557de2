/**
 * The behaviour of a VFIO kernel that this program relies on. The cases run on the simulator and on real kernels, and
 * use only `Syscalls`.
 */
import type { Syscalls } from "../../ffi/syscalls.ts";
import type { HostRoots, SysfsDevice } from "../../src/host/mod.ts";

/** A host to test against the contract. Its subjects are idle devices by kind. */
export interface ContractHost {
  roots: HostRoots;
  openSyscalls: () => Syscalls & Disposable;
  subjects: {
    /** Migrates by v2 with stop-copy, p2p and pre-copy. */
    migratable: SysfsDevice;
    /** Like `migratable`, but of another type of the same driver. Each refuses the other's data. */
    other: SysfsDevice;
    /** Migrates by v1, and refuses data that does not start like its own. */
    v1: SysfsDevice;
    /** Has no migration. */
    plain: SysfsDevice;
  };
  /** The number of open descriptors of this process or of the simulated kernel. */
  countDescriptors: () => number;
}

/** One case. `skip` returns the reason if the case cannot run on a host. */
export interface ContractCase {
  name: string;
  skip?: (host: ContractHost) => string | null;
  run: (host: ContractHost) => void | Promise<void>;
}

/** Skips cases that need a cdev. */
export function withoutCdev({ subjects }: ContractHost): string | null {
  return subjects.migratable.nodes.cdev === null ? "this kernel has no device cdev" : null;
}

/** Skips cases that need a group. */
export function withoutGroup({ subjects }: ContractHost): string | null {
  return subjects.migratable.nodes.group === null ? "this host has no VFIO group" : null;
}
