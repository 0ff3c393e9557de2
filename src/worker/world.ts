import type { Syscalls } from "../../ffi/syscalls.ts";
import type { HostRoots } from "../host/mod.ts";

/** What the worker needs from the system. */
export interface WorkerWorld {
  readonly roots: HostRoots;
  /** Where the journal is. Null for no journal: then no device may leave RUNNING. */
  readonly stateDirectory: string | null;
  /** The kernel, or a simulated one. libc is loaded at the first call. */
  readonly syscalls: () => Syscalls;
  readonly now: () => Date;
  /** Called when this process is about to enter the kernel for a device. The deadline of the task starts then. */
  readonly onOpening?: (device: string) => void;
}
