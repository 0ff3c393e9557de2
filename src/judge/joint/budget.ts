import type { Reason } from "../../documents/mod.ts";

/** The budget of all searches together, in visited columns: 50 to 90 ms. */
export const BUDGET = 5_000_000;

/** The reason that not all plans were checked, and how an unchecked plan may be better. */
export function planBudget(
  vendor: string,
  sources: number,
  hope: "be better" | "have room for all" | "leave fewer out",
): Reason {
  return {
    code: "PlanBudget",
    sentence: `${vendor}: there are too many plans for ${sources} sources to check all; ` +
      `an unchecked plan may ${hope}`,
    source: String(sources),
    host: null,
  };
}
