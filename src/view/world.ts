import type { HostRoots } from "../host/mod.ts";
import type { Worker } from "../children/mod.ts";
import type { OperatorFactsRead, RulesState } from "../config/mod.ts";
import type { HostSoftware } from "../judge/vmm/mod.ts";

/** All that the questions need of the world outside, made by `main.ts`. Nothing of it opens a device but the worker. */
export interface World {
  readonly roots: HostRoots;
  /** Where answers are remembered, null for nowhere. */
  readonly stateDirectory: string | null;
  /** Does what opens devices. */
  readonly worker: Worker;
  /** The rules of vendors and operators as they are now. */
  readonly readRules: () => RulesState;
  /** What operators declare of devices and types as it is now. */
  readonly readFacts: () => OperatorFactsRead;
  /** The versions of the programs that run virtual machines here. */
  readonly readSoftware: () => Promise<HostSoftware>;
  readonly now: () => Date;
}
