import type { Reason } from "../documents/mod.ts";

/** What all searches for a plan may take together, in looks at columns: 50 to 90 ms. */
export const BUDGET = 6_000_000;

/** That a search ended before all plans were looked at; a `better` one may be among the others, or one at all. */
export function planBudget(vendor: string, sources: number, which: "better" | "any"): Reason {
  return {
    code: "PlanBudget",
    sentence: `${vendor}: there are too many plans for ${sources} sources to look at each: ${
      which === "better" ? "one of the others may be better" : "one of them may have room for all"
    }`,
    source: String(sources),
    host: null,
  };
}
