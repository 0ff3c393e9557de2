import type { HostRoots } from "../host/mod.ts";
import type { Access } from "../access/mod.ts";
import type { OperatorFactsRead, RulesState } from "../config/mod.ts";
import type { HostSoftware } from "../judge/vmm/mod.ts";

/** What this program needs from the system, made by `main.ts`. Only a worker opens devices. */
export interface World {
  readonly roots: HostRoots;
  /** Where saved state is read; null if none is saved. */
  readonly stateDirectory: string | null;
  /** Does what needs privileges: opens devices, for example. */
  readonly access: Access;
  /** Reads the current rules of vendors and operators. */
  readonly readRules: () => RulesState;
  /** Reads the facts that operators currently declare about devices and types. */
  readonly readFacts: () => OperatorFactsRead;
  /** Reads the versions of the programs that run virtual machines on this host. */
  readonly readSoftware: () => Promise<HostSoftware>;
  readonly now: () => Date;
}
