import type { AnsweredPlan } from "../answers/mod.ts";
import type { Identity, VirtualMachine } from "../documents/mod.ts";

/** Plans that were answered together, and the question that they answer. */
export interface AnsweredPlans {
  plans: readonly AnsweredPlan[];
  sources: readonly Identity[];
  machine: VirtualMachine | null;
  /** The size of the request that they answered. */
  bytes: number;
}

/** A plan, and the question that it answers. */
export type KeptPlan = Omit<AnsweredPlans, "plans" | "bytes"> & { plan: AnsweredPlan };

/** The plans of the last answers, so that they can be exported by their ids. */
export interface PlansKept {
  keep(answered: AnsweredPlans): void;
  /** The plan of an id; null if it was never answered, or is no longer kept. */
  find(id: string): KeptPlan | null;
}

/** How many answers are kept, how large their requests may be together, and for how long. */
export const PLAN_LIMITS = { answers: 64, bytes: 8 << 20, ms: 600_000 };

/** Keeps the plans of the last answers, within limits. The oldest are forgotten first. */
export function keepPlans(nowMs: () => number, limits = PLAN_LIMITS): PlansKept {
  let kept: (AnsweredPlans & { untilMs: number })[] = [];
  const forget = (): void => {
    const now = nowMs();
    kept = kept.filter(({ untilMs }) => untilMs >= now).slice(-limits.answers);
    let bytes = kept.reduce((sum, answered) => sum + answered.bytes, 0);
    while (bytes > limits.bytes) bytes -= kept.shift()!.bytes;
  };
  return {
    keep(answered) {
      const ids = new Set(answered.plans.map(({ id }) => id));
      if (ids.size === 0) return;
      // The same question again.
      kept = kept.filter(({ plans }) => !plans.every(({ id }) => ids.has(id)));
      kept.push({ ...answered, untilMs: nowMs() + limits.ms });
      forget();
    },
    find(id) {
      forget();
      for (const { plans, sources, machine } of kept.toReversed()) {
        const plan = plans.find((candidate) => candidate.id === id);
        if (plan !== undefined) return { plan, sources, machine };
      }
      return null;
    },
  };
}
