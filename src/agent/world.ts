import type { Syscalls } from "../../ffi/syscalls.ts";
import type { HostRoots } from "../host/mod.ts";
import type { HostSoftware } from "../judge/vmm/mod.ts";
import type { OperatorFactsRead } from "./load_facts.ts";
import type { RulesState } from "./load_rules.ts";
import type { Worker } from "./worker.ts";
import type { OpenPath } from "./worker_tasks.ts";

/** Which devices are asked: one idle device of each class, every idle one, or none. */
export const PROBE_MODES = ["representative", "each", "never"] as const;
export type ProbeMode = (typeof PROBE_MODES)[number];

/** All that the questions need of the world outside, handed in from `main.ts`. */
export interface World {
  readonly roots: HostRoots;
  /** Where answers are remembered, null for nowhere. */
  readonly stateDirectory: string | null;
  /** The kernel, or what stands for it. */
  readonly openSyscalls: () => Syscalls & Disposable;
  /** Does what opens devices. */
  readonly worker: Worker;
  /** The rules of vendors and operators as they are now. */
  readonly readRules: () => RulesState;
  /** What operators declare of devices and types as it is now. */
  readonly readFacts: () => OperatorFactsRead;
  /** The versions of the programs that run virtual machines here. */
  readonly readSoftware: () => Promise<HostSoftware>;
  readonly now: () => Date;
  /** Is called when this process is about to enter the kernel for a device; its deadline counts from then. */
  readonly onOpening?: (device: string) => void;
}

/** How devices are asked. */
export interface ProbeOptions {
  mode: ProbeMode;
  /** How long a new device is left alone. */
  settleMs: number;
}

export const PROBE_DEFAULTS: ProbeOptions = {
  mode: "representative",
  settleMs: 10_000,
};

/** How long one device may take to answer. */
export const DEADLINE_MS = 10_000;

/**
 * Which devices may be tested, each mode with those before it: none; idle mdevs; every idle device whose driver is
 * declared not to load a state in the write; every idle device, those too whose driver loads it, or may.
 */
export const PREFLIGHT_MODES = ["never", "mdev", "idle", "load"] as const;
export type PreflightMode = (typeof PREFLIGHT_MODES)[number];

/** What a preflight may do. */
export interface PreflightPolicy {
  mode: PreflightMode;
  /** Whether a test hands over the device's own and altered data too; on where it is left out. */
  controls?: boolean;
  /** Whether an mdev may be made for the time of a test. */
  create: boolean;
  /** How long a new device is left alone, unless it was named. */
  settleMs: number;
  /** By which node devices are opened. */
  path?: OpenPath;
}
