import type { Syscalls } from "../../ffi/syscalls.ts";
import type { HostRoots } from "../host/mod.ts";

/** What the worker works with. */
export interface WorkerWorld {
  readonly roots: HostRoots;
  /** Where the journal is, null for nowhere: then no device may leave RUNNING. */
  readonly stateDirectory: string | null;
  /** The kernel, or what stands for it; libc is loaded at the first call. */
  readonly syscalls: () => Syscalls;
  readonly now: () => Date;
  /** Is called when this process is about to enter the kernel for a device; its deadline counts from then. */
  readonly onOpening?: (device: string) => void;
}
