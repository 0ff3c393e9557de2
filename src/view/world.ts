import type { HostRoots } from "../host/mod.ts";
import type { Worker } from "../children/mod.ts";
import type { OperatorFactsRead, RulesState } from "../config/mod.ts";
import type { HostSoftware } from "../judge/vmm/mod.ts";

/** What this program needs from the system, made by `main.ts`. Only the worker opens devices. */
export interface World {
  readonly roots: HostRoots;
  /** Where state is saved; null to save nothing. */
  readonly stateDirectory: string | null;
  /** Runs the tasks that open devices. */
  readonly worker: Worker;
  /** Reads the current rules of vendors and operators. */
  readonly readRules: () => RulesState;
  /** Reads the facts that operators currently declare about devices and types. */
  readonly readFacts: () => OperatorFactsRead;
  /** Reads the versions of the programs that run virtual machines on this host. */
  readonly readSoftware: () => Promise<HostSoftware>;
  readonly now: () => Date;
}
