import type { Reason } from "../../documents/mod.ts";

/** What all searches for a plan may take together, in looks at columns: 50 to 90 ms. */
export const BUDGET = 5_000_000;

/** That not all plans were looked at, and what another one may do. */
export function planBudget(
  vendor: string,
  sources: number,
  hope: "be better" | "have room for all" | "leave fewer out",
): Reason {
  return {
    code: "PlanBudget",
    sentence: `${vendor}: there are too many plans for ${sources} sources to look at each; ` +
      `one that was not looked at may ${hope}`,
    source: String(sources),
    host: null,
  };
}
