import type { Bounds } from "./assign.ts";
import type { Pool, Problem } from "./problem.ts";

/**
 * A root by what draws on it: slots with their edges, and how many units of each fit together at most (where there
 * are too many ways to tell, each slot for itself, which bounds less).
 */
export interface Root {
  slots: readonly RootSlot[];
  fits: readonly Int32Array[];
}

/** A node, its edges with their rows, and room to work in: rows in order, sums of their values, how many count. */
interface RootSlot {
  node: number;
  edges: Int32Array;
  rows: Int32Array;
  order: Int32Array;
  sums: Float64Array;
  room: Int32Array;
}

/** More ways to fill a pool than that are not gone through: its types are then taken one by one. */
const MANY = 256;

/** The roots of a problem. */
export function listRoots(problem: Problem): Root[] {
  const { leaf, root, parent, upper, pools } = problem;
  const edgesOf = new Map<number, number[]>();
  leaf.forEach((bottom, edge) => {
    for (let node = bottom; node !== -1; node = parent[node]!) {
      if (!edgesOf.has(node)) edgesOf.set(node, []);
      edgesOf.get(node)!.push(edge);
    }
  });
  const rowOf = new Int32Array(leaf.length);
  for (let row = 0; row < problem.rows; row++) {
    rowOf.fill(row, problem.first[row]!, problem.first[row + 1]!);
  }
  const slotOf = (node: number): RootSlot => {
    const edges = Int32Array.from(edgesOf.get(node) ?? []);
    return {
      node,
      edges,
      rows: edges.map((edge) => rowOf[edge]!),
      order: new Int32Array(edges.length),
      sums: new Float64Array(edges.length + 1),
      room: new Int32Array(1),
    };
  };
  const pooled = new Set(pools.map(({ slots }) => root[slots[0]!.node]!));
  const plain = [...new Set(Array.from(leaf, (node) => root[node]!))]
    .filter((node) => !pooled.has(node));
  return [
    ...plain.map((node) => ({ slots: [slotOf(node)], fits: [Int32Array.of(upper[node]!)] })),
    ...pools.map((pool) => ({
      slots: pool.slots.map(({ node }) => slotOf(node)),
      fits: listFits(problem, pool) ?? [Int32Array.from(pool.slots, ({ node }) => upper[node]!)],
    })),
  ];
}

/** The largest numbers of units that a pool takes: no number can be raised alone. Null where there are too many. */
function listFits({ upper }: Problem, { slots, limit, oneKind }: Pool): Int32Array[] | null {
  if (limit > Number.MAX_SAFE_INTEGER) return null;
  const weights = slots.map(({ weight }) => Number(weight));
  const found: Int32Array[] = [];
  const units = new Int32Array(slots.length);
  let steps = 0;
  const fill = (at: number, left: number, kind: string | null): boolean => {
    if (++steps > 16 * MANY) return false;
    if (at === slots.length) {
      const isLargest = slots.every((slot, i) =>
        units[i]! >= upper[slot.node]! || weights[i]! > left ||
        (oneKind && kind !== null && kind !== slot.kind)
      );
      if (isLargest) found.push(units.slice());
      return found.length <= MANY;
    }
    const slot = slots[at]!;
    const most = Math.min(upper[slot.node]!, Math.floor(left / weights[at]!));
    for (let count = 0; count <= most; count++) {
      if (count > 0 && oneKind && kind !== null && kind !== slot.kind) break;
      units[at] = count;
      const by = count > 0 ? slot.kind : kind;
      if (!fill(at + 1, left - count * weights[at]!, by)) return false;
    }
    units[at] = 0;
    return true;
  };
  return fill(0, Number(limit), null) ? found : null;
}

/**
 * A bound from the other side: pools are kept to, and instead every row is paid a wage for being taken, once or
 * not. For any wages w, sum of w plus what each root at best makes of taking rows at c - w is no more than the cost of
 * any plan; it is stronger than pricing pools, since a pool is filled with whole units. Wages are integers, so that it is exact.
 * They are improved in place for some rounds: rows that nobody takes get more, rows taken twice less.
 */
export function boundByRows(
  problem: Problem,
  roots: readonly Root[],
  bounds: Bounds,
  { wages, rounds, least }: { wages: Float64Array; rounds: number; least: number },
): number {
  const { rows, levels } = problem;
  const taken = new Int32Array(rows);
  let [best, scale, since] = [-Infinity, 1, 0];
  const kept = wages.slice();
  for (let round = 0; round < rounds; round++) {
    taken.fill(0);
    let bound = wages.reduce((sum, wage) => sum + wage, 0);
    for (const root of roots) bound += takeRows(problem, root, { bounds, wages, taken });
    if (bound > best) {
      best = bound;
      kept.set(wages);
      since = 0;
    } else if (++since > 4) {
      scale /= 2;
      since = 0;
    }
    const norm = taken.reduce((sum, times) => sum + (1 - times) ** 2, 0);
    if (norm === 0) break;
    const target = Math.max(best, least) + 3 * levels.rank;
    const step = scale * (target - bound) / norm;
    for (let row = 0; row < rows; row++) wages[row]! += Math.round(step * (1 - taken[row]!));
  }
  wages.set(kept);
  return best;
}

/** The least that a root makes of taking rows at what they cost less their wage; counts who is taken. */
function takeRows(
  { leaf, cost }: Problem,
  { slots, fits }: Root,
  { bounds: { lower, upper }, wages, taken }: {
    bounds: Bounds;
    wages: Float64Array;
    taken: Int32Array;
  },
): number {
  for (const { node, edges, rows, order, sums, room } of slots) {
    // Rows by what taking them makes, the best first: only such as pay, or all where some must be taken.
    const least = lower[node]!;
    let count = 0;
    for (let i = 0; i < edges.length; i++) {
      const edge = edges[i]!;
      const value = cost[edge]! - wages[rows[i]!]!;
      if ((value >= 0 && least === 0) || upper[leaf[edge]!]! === 0) continue;
      let at = count++;
      for (; at > 0 && sums[at]! > value; at--) {
        sums[at + 1] = sums[at]!;
        order[at] = order[at - 1]!;
      }
      sums[at + 1] = value;
      order[at] = rows[i]!;
    }
    // From values to how much the best of them make together, and how many are worth it.
    const limit = Math.min(count, upper[node]!);
    let use = 0;
    while (use < limit && (sums[use + 1]! < 0 || use < least)) {
      sums[use + 1]! += sums[use]!;
      use++;
    }
    room[0] = use;
  }
  let best = Infinity;
  let chosen: Int32Array | null = null;
  for (const fit of fits) {
    let sum = 0;
    for (let at = 0; at < slots.length; at++) {
      const { node, sums, room } = slots[at]!;
      sum += fit[at]! < lower[node]! ? Infinity : sums[Math.min(fit[at]!, room[0]!)]!;
    }
    if (sum < best) [best, chosen] = [sum, fit];
  }
  if (chosen === null) return Infinity;
  for (let at = 0; at < slots.length; at++) {
    const { order, room } = slots[at]!;
    for (let i = Math.min(chosen[at]!, room[0]!) - 1; i >= 0; i--) taken[order[i]!]!++;
  }
  return best;
}
