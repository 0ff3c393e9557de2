import { makeBounds } from "./bound.ts";
import type { Landing } from "./landing.ts";
import type { Assignment, Option } from "./assignment.ts";
import { makeRoom } from "./room.ts";

/** The best plans of a search, best first: a landing for each source, or null if it stays unplaced. */
export interface Found {
  plans: (readonly (Landing | null)[])[];
  /** Whether no other plan can be better; false if the budget was used up. */
  isComplete: boolean;
  /** Whether the first bound already showed that some source stays unplaced. */
  isShort: boolean;
  steps: number;
}

/** Options by source. */
interface Plan {
  cost: number;
  options: readonly Option[];
}

/**
 * The `count` cheapest plans below `limit`. The search is depth-first, row by row, with the most promising option first.
 * It backtracks when no better plan than the known ones is possible. Rows of a group take options in the order of their
 * names, so plans in which they only swap places are found once.
 */
export function searchPlans(
  assignment: Assignment,
  { count, limit, budget }: { count: number; limit: number; budget: number },
): Found {
  const { rows } = assignment;
  const room = makeRoom(assignment);
  /** The tie of the last option that was taken in each group. */
  const ties = new Int32Array(rows.length);
  const bounds = makeBounds(assignment, room, ties);
  const taken: (Option | null)[] = rows.map(() => null);
  const best: Plan[] = [];
  let [isComplete, isShort] = [true, false];

  /** Whether a plan that starts with `taken` and costs at least `cost` may be better than another. */
  function isBetter(cost: number, { cost: other, options }: Plan): boolean {
    return cost === other ? compareNames(taken, options) <= 0 : cost < other;
  }

  function isPromising(cost: number): boolean {
    const last = best[count - 1];
    return last === undefined ? cost < limit : isBetter(cost, last);
  }

  function keep(cost: number): void {
    const at = best.findIndex((plan) => isBetter(cost, plan));
    const options = taken.filter((option) => option !== null);
    best.splice(at === -1 ? best.length : at, 0, { cost, options });
    best.splice(count);
  }

  function fill(at: number, cost: number): void {
    const row = rows[at];
    if (row === undefined) return keep(cost);
    // Without a plan so far, leave half of the budget to other searches.
    if (bounds.steps() > (best.length > 0 ? budget : budget / 2)) isComplete = false;
    if (!isComplete) return;
    const least = cost + bounds.costFrom(at);
    if (at === 0) isShort = least >= assignment.unplaced;
    if (!isPromising(least)) return;
    const { source, group, options } = row;
    const tie = ties[group]!;
    const ways = options
      .map((option) => ({ option, least: least + bounds.extraOf(at, option) }))
      .filter(({ least }) => least < Infinity)
      .toSorted((a, b) => a.least - b.least || a.option.tie - b.option.tie);
    for (const { option, least } of ways) {
      taken[source] = option;
      if (!isPromising(least)) continue;
      room.take(option);
      ties[group] = option.tie;
      fill(at + 1, cost + option.cost);
      room.giveBack(option);
    }
    taken[source] = null;
    ties[group] = tie;
  }

  fill(0, 0);
  const plans = best.map(({ options }) => options.map(({ landing }) => landing));
  return { plans, isComplete, isShort, steps: bounds.steps() };
}

/** Compares plans by name, source by source. 0 as soon as one plan has no option for a source yet. */
function compareNames(
  a: readonly (Option | null)[],
  b: readonly (Option | null)[],
): number {
  for (let source = 0; source < a.length; source++) {
    const [x, y] = [a[source], b[source]];
    if (!x || !y) return 0;
    if (x.tie !== y.tie) return x.tie - y.tie;
  }
  return 0;
}
