import type { SettledPlan } from "../moves/mod.ts";
import { shownName, type VirtualMachine } from "../documents/mod.ts";
import { HttpProblem } from "./problem.ts";

/** A plan that was answered, with what its export needs. */
export interface KeptPlan {
  plan: SettledPlan;
  machine: Pick<VirtualMachine, "name" | "uuid" | "host" | "state" | "libvirt"> | null;
  /** The host of the sources. */
  sourceHost: string;
  /** The name of this host. */
  host: string;
}

/** Limits for plans that are kept for an export, so that no client can exhaust the process. */
export const PLAN_LIMITS = {
  /** The maximum number of plans. */
  most: 256,
  /** How long a plan is kept after its last answer. */
  keptMs: 10 * 60_000,
  /** The maximum size of all plans with their domain XML, in characters. */
  characters: 16 << 20,
};

/** The plans of the last answers. */
export type Plans = ReturnType<typeof makePlans>;

/** Keeps the plans of the last answers in memory. The oldest go first; nothing is refused for them. */
export function makePlans(nowMs: () => number, limits: typeof PLAN_LIMITS = PLAN_LIMITS) {
  const kept = new Map<string, { plan: KeptPlan; characters: number; sinceMs: number }>();
  let characters = 0;
  const remove = (id: string): void => {
    characters -= kept.get(id)?.characters ?? 0;
    kept.delete(id);
  };
  const trim = (): void => {
    for (const [id, { sinceMs }] of kept) {
      const isOld = nowMs() - sinceMs > limits.keptMs;
      if (!isOld && kept.size <= limits.most && characters <= limits.characters) return;
      remove(id);
    }
  };
  return {
    keep(plan: KeptPlan): void {
      const { id } = plan.plan;
      remove(id);
      const size = JSON.stringify(plan).length;
      kept.set(id, { plan, characters: size, sinceMs: nowMs() });
      characters += size;
      trim();
    },
    /** Throws an {@link HttpProblem} if the plan is not known, or not any more. */
    get(id: string): KeptPlan {
      trim();
      const found = kept.get(id);
      if (found !== undefined) return found.plan;
      throw new HttpProblem("plan-unknown", `Plan ${shownName(id)} is not known, or not any more`, {
        value: id,
        remedy: "Ask again with POST /v1/ask, and use the id of a plan of that answer.",
      });
    },
  };
}
