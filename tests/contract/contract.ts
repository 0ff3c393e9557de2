/**
 * What a kernel with VFIO does, as this program relies on it: cases that hold for the simulator and for a
 * real kernel alike. They speak through `Syscalls` only.
 */
import type { Syscalls } from "../../ffi/syscalls.ts";
import type { HostRoots, SysfsDevice } from "../../src/host/mod.ts";

/** A host to hold against the contract. Its subjects are idle devices by what they are. */
export interface ContractHost {
  roots: HostRoots;
  openSyscalls: () => Syscalls & Disposable;
  subjects: {
    /** Migrates by v2 with stop-copy, p2p and pre-copy. */
    migratable: SysfsDevice;
    /** The same, of another type of the same driver, whose data it refuses. */
    other: SysfsDevice;
    /** Migrates by v1, and refuses what does not begin as its own data do. */
    v1: SysfsDevice;
    /** Has no migration. */
    plain: SysfsDevice;
  };
  /** How many descriptors this process, or the simulated kernel, has open. */
  countDescriptors: () => number;
}

/** One case; `skip` gives the reason why a host cannot be held against it. */
export interface ContractCase {
  name: string;
  skip?: (host: ContractHost) => string | null;
  run: (host: ContractHost) => void | Promise<void>;
}

/** The skip of cases that need a cdev. */
export function withoutCdev({ subjects }: ContractHost): string | null {
  return subjects.migratable.nodes.cdev === null ? "this kernel has no device cdev" : null;
}

/** The skip of cases that need a group. */
export function withoutGroup({ subjects }: ContractHost): string | null {
  return subjects.migratable.nodes.group === null ? "this host has no VFIO group" : null;
}
