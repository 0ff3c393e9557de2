import { assign, type Assignment, type Bounds } from "./assign.ts";
import { fitsPool, type Problem, roundUp } from "./problem.ts";

/** What is known of the plans within some bounds. */
export interface Bound {
  /** No plan within the bounds costs less; `tie` counts only for plans of exactly that cost. */
  cost: number;
  tie: readonly number[];
  /** The assignment behind the bound, with its true cost, and the first pool that it overdraws (-1: it is a plan). */
  assignment: Assignment;
  overdrawn: number;
  /** What a share of each pool was priced at, to start from in narrower bounds. */
  prices: Float64Array;
}

/**
 * A bound on all plans within bounds, null where there is none or none below `limit`.
 *
 * Pools are priced instead of kept to: for prices p >= 0, the cheapest assignment with edge costs
 * c + p * share, less the sum of p, costs no more than any plan, since a plan's shares of a pool sum to at most
 * one. (Edge costs are rounded down to integers, which lowers the bound and keeps it exact.) A pool
 * that is overdrawn becomes dearer, by what it takes to make enough of its rows leave; the best bound is kept.
 * Where the pools' prices are zero the assignment is cheapest by tie as well, so that its tie bounds those
 * of plans at the same cost.
 */
export function findBound(
  problem: Problem,
  bounds: Bounds,
  options: { prices: Float64Array; rounds: number; limit: number },
): Bound | null {
  const wanted = bounds.lower.reduce((sum, value) => sum + value, 0);
  const prices = options.prices.slice();
  let best: Bound | null = null;
  for (let round = 0; round < options.rounds; round++) {
    const priced = problem.cost.map((cost, edge) => cost + priceOf(problem, edge, prices));
    const assignment = assign(problem, bounds, priced);
    if (assignment === null || assignment.met < wanted) return null;
    const bound = assignment.cost - prices.reduce((sum, price) => sum + price, 0);
    const cost = roundUp(bound, problem.levels);
    if (cost >= options.limit) return null;
    const overdrawn = findOverdrawn(problem, assignment.units);
    const isPlan = overdrawn.length === 0;
    const better = best === null || cost > best.cost ||
      (cost === best.cost && isPlan && best.overdrawn !== -1);
    if (better) {
      best = {
        cost,
        tie: cost === bound ? assignment.tie : assignment.tie.map(() => -Infinity),
        assignment: { ...assignment, cost: sumOf(problem.cost, assignment.edges) },
        overdrawn: overdrawn[0] ?? -1,
        prices: prices.slice(),
      };
    }
    if (isPlan) break;
    for (const pool of overdrawn) {
      prices[pool]! += riseOf(problem, { pool, edges: assignment.edges, priced });
    }
    // Beyond this, sums would no longer be exact.
    if (prices.some((price) => price * prices.length > 2 ** 52)) break;
  }
  return best;
}

function sumOf(cost: Float64Array, edges: Int32Array): number {
  return edges.reduce((sum, edge) => sum + cost[edge]!, 0);
}

/** Rounded down, with room for the error of a floating-point product. */
function priceOf({ pool, share }: Problem, edge: number, prices: Float64Array): number {
  const at = pool[edge]!;
  if (at === -1 || prices[at] === 0) return 0;
  return Math.floor(prices[at]! * share[edge]! * (1 - 2 ** -50));
}

/** The pools that an assignment overdraws. */
export function findOverdrawn({ pools }: Problem, units: Int32Array): number[] {
  return pools.flatMap((pool, at) => fitsPool(pool, (node) => units[node]!) ? [] : [at]);
}

/** By how much a pool's price must rise until so many of its rows would rather go elsewhere that the rest fit. */
function riseOf(
  problem: Problem,
  { pool, edges, priced }: { pool: number; edges: Int32Array; priced: Float64Array },
): number {
  const { first, share } = problem;
  let used = 0;
  const leaving: { ratio: number; share: number }[] = [];
  edges.forEach((edge, row) => {
    if (problem.pool[edge] !== pool) return;
    used += share[edge]!;
    let elsewhere = Infinity;
    for (let other = first[row]!; other < first[row + 1]!; other++) {
      if (problem.pool[other] !== pool) elsewhere = Math.min(elsewhere, priced[other]!);
    }
    const ratio = (Math.max(0, elsewhere - priced[edge]!) + 1) / share[edge]!;
    leaving.push({ ratio, share: share[edge]! });
  });
  let rise = 1;
  for (const row of leaving.toSorted((a, b) => a.ratio - b.ratio)) {
    if (used <= 1) break;
    used -= row.share;
    rise = row.ratio;
  }
  return Math.ceil(rise);
}
