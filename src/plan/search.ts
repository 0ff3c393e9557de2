import type { Assignment, Bounds } from "./assign.ts";
import { type Bound, findBound } from "./bound.ts";
import { fitsPool, type Problem, roundUp } from "./problem.ts";
import { boundByRows, listRoots, type Root } from "./row_bound.ts";

/** Bounds that are still to be searched (`bound` null: not looked at), or a plan that waits for its turn. */
interface Entry {
  cost: number;
  tie: readonly number[];
  bounds: Bounds;
  prices: Float64Array;
  wages: Float64Array | null;
  isWeighed: boolean;
  bound: Bound | null;
  plan: Assignment | null;
  /** Whether the rest of the bounds is in the queue already, under a bound of its own. */
  split: boolean;
}

/**
 * The `count` cheapest plans, best first, cheaper than `limit`: exact, by best-first search.
 *
 * Every entry of the queue bounds all plans within its bounds from below, so that what comes out first and is a plan
 * is the best. An assignment that overdraws a pool is split: where a set of units overdraws it, one node at least
 * takes fewer; child i says that node i does, and that the ones before it do not. A plan that came out splits
 * in the same way, by leaves, which gives the next best. Children do not overlap, so no plan comes out twice.
 */
export function searchPlans(problem: Problem, count: number, limit = Infinity): Assignment[] {
  const found: Assignment[] = [];
  const queue = [makeRoot(problem)];
  let roots: readonly Root[] | null = null;
  const room = roomWages(problem);
  while (queue.length > 0 && found.length < count) {
    const entry = takeFirst(queue);
    if (entry.plan !== null) {
      found.push(entry.plan);
      if (!entry.split && found.length < count) {
        queue.push(...split(problem, entry, leavesOf(problem, entry.plan)));
      }
      continue;
    }
    if (entry.bound === null) {
      if (!entry.isWeighed && entry.wages !== null) {
        // The cheaper bound first: most entries never come to the front again.
        roots ??= listRoots(problem);
        const weighed = weigh(problem, roots, entry, room);
        if (weighed.cost < limit) queue.push(weighed);
        continue;
      }
      const rounds = entry.cost === -Infinity ? 12 : 1;
      const bound = findBound(problem, entry.bounds, { prices: entry.prices, rounds, limit });
      if (bound === null) continue;
      const seen = look(entry, bound);
      if (bound.overdrawn !== -1 && entry.wages === null) {
        roots ??= listRoots(problem);
        const paid = { ...seen[0]!, wages: wagesOf(problem, bound) };
        const weighed = weigh(problem, roots, paid, room);
        if (weighed.cost < limit) queue.push(weighed);
      } else if (entry.wages === null && problem.pools.length > 0) {
        const wages = wagesOf(problem, bound);
        queue.push(...seen.map((one) => ({ ...one, wages })));
      } else queue.push(...seen);
      continue;
    }
    const { overdrawn, assignment } = entry.bound;
    const nodes = overdrawn === -1
      ? leavesOf(problem, assignment)
      : overdrawing(problem, overdrawn, assignment);
    queue.push(...split(problem, entry, nodes));
  }
  return found;
}

function makeRoot({ upper, tieWidth, pools }: Problem): Entry {
  return {
    cost: -Infinity,
    tie: new Array<number>(tieWidth).fill(-Infinity),
    bounds: { lower: new Int32Array(upper.length), upper: upper.slice() },
    prices: new Float64Array(pools.length),
    wages: null,
    isWeighed: false,
    bound: null,
    plan: null,
    split: false,
  };
}

/** What an entry is worth once it was looked at: a plan that is the best within its bounds is told apart. */
function look(entry: Entry, bound: Bound): Entry[] {
  const { cost, tie, assignment, overdrawn, prices } = bound;
  const seen = { ...entry, bound, prices, ...laterOf(entry, { cost, tie }) };
  if (overdrawn !== -1) return [seen];
  const plan = { ...entry, plan: assignment, cost: assignment.cost, tie: assignment.tie };
  const isBest = cost === assignment.cost && tie.every((value, i) => value === assignment.tie[i]);
  return isBest ? [plan] : [seen, { ...plan, split: true }];
}

function laterOf(a: Worth, b: Worth): Worth {
  const { cost, tie } = compare(a, b) < 0 ? b : a;
  return { cost, tie };
}

/** Children of an entry: at least one of the nodes takes fewer units than told. */
function split(problem: Problem, entry: Entry, nodes: readonly [number, number][]): Entry[] {
  const children: Entry[] = [];
  const lower = entry.bounds.lower.slice();
  const { cost, tie, prices, wages } = entry;
  for (const [node, units] of nodes) {
    if (units - 1 >= lower[node]!) {
      const upper = entry.bounds.upper.slice();
      upper[node] = units - 1;
      const bounds = { lower: lower.slice(), upper };
      if (tighten(problem, bounds)) {
        children.push({
          cost,
          tie,
          bounds,
          prices,
          wages,
          isWeighed: false,
          bound: null,
          plan: null,
          split: false,
        });
      }
    }
    lower[node] = Math.max(lower[node]!, units);
    if (lower[node]! > entry.bounds.upper[node]! || lower[node]! > problem.rows) break;
  }
  return children;
}

/** Lowers `upper` to what pools leave beside `lower`; false where they do not even take that. */
function tighten({ pools }: Problem, { lower, upper }: Bounds): boolean {
  for (const pool of pools) {
    const forced = pool.slots.filter(({ node }) => lower[node]! > 0);
    if (forced.length === 0) continue;
    if (!fitsPool(pool, (node) => lower[node]!)) return false;
    const used = forced.reduce((sum, { node, weight }) => sum + weight * BigInt(lower[node]!), 0n);
    for (const { node, weight, kind } of pool.slots) {
      const more = pool.oneKind && kind !== forced[0]!.kind
        ? 0
        : Number((pool.limit - used) / weight);
      upper[node] = Math.min(upper[node]!, lower[node]! + more);
    }
  }
  return true;
}

/** An entry with what its rows' wages say of it. */
function weigh(
  problem: Problem,
  roots: readonly Root[],
  entry: Entry,
  room: Float64Array,
): Entry {
  const wages = entry.wages!.slice();
  const rounds = entry.bound !== null ? 60 : roots.length > 64 ? 3 : 12;
  const least = entry.cost;
  const cost = roundUp(
    Math.max(
      boundByRows(problem, roots, entry.bounds, { wages, rounds, least }),
      boundByRows(problem, roots, entry.bounds, { wages: room.slice(), rounds: 1, least }),
    ),
    problem.levels,
  );
  const weighed = { ...entry, wages, isWeighed: true };
  return cost > entry.cost ? { ...weighed, cost, tie: entry.tie.map(() => -Infinity) } : weighed;
}

/** Wages to start from: what each row costs where the pools are priced. */
function wagesOf({ cost, pool, share }: Problem, { assignment, prices }: Bound): Float64Array {
  return Float64Array.from(
    assignment.edges,
    (edge) =>
      Math.round(cost[edge]! + (pool[edge] === -1 ? 0 : prices[pool[edge]!]! * share[edge]!)),
  );
}

/** Wages that tell whether there is room at all: the least share of a parent that each row takes. */
function roomWages({ rows, first, pool, share, levels }: Problem): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    let least = 1;
    for (let edge = first[row]!; edge < first[row + 1]! - 1; edge++) {
      if (pool[edge] !== -1) least = Math.min(least, share[edge]!);
    }
    return Math.floor(levels.unplaced * least);
  });
}

function leavesOf({ leaf }: Problem, { edges, units }: Assignment): [number, number][] {
  const leaves = new Set(Array.from(edges, (edge) => leaf[edge]!));
  return Array.from(leaves, (node) => [node, units[node]!]);
}

/** A smallest set of units that overdraws a pool: with one less of any it would not. */
function overdrawing(problem: Problem, at: number, { units }: Assignment): [number, number][] {
  const pool = problem.pools[at]!;
  const nodes = new Map(pool.slots.map(({ node }) => [node, units[node]!]));
  for (const node of nodes.keys()) {
    for (let left = nodes.get(node)! - 1; left >= 0; left--) {
      if (fitsPool(pool, (other) => other === node ? left : nodes.get(other)!)) break;
      nodes.set(node, left);
    }
  }
  return [...nodes].filter(([, units]) => units > 0);
}

/** The first of a queue in order; of equals, the one that was put in last. */
function takeFirst(queue: Entry[]): Entry {
  let first = queue.length - 1;
  for (let i = first - 1; i >= 0; i--) if (compare(queue[i]!, queue[first]!) < 0) first = i;
  const entry = queue[first]!;
  queue[first] = queue.at(-1)!;
  queue.pop();
  return entry;
}

type Worth = Pick<Entry, "cost" | "tie">;

function compare(a: Worth, b: Worth): number {
  if (a.cost !== b.cost) return a.cost < b.cost ? -1 : 1;
  for (let i = 0; i < a.tie.length; i++) {
    if (a.tie[i] !== b.tie[i]) return a.tie[i]! < b.tie[i]! ? -1 : 1;
  }
  return 0;
}
