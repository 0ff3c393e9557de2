import { EVIDENCE } from "../documents/mod.ts";

/**
 * What is left of a planning question once names are taken away: rows (sources) that each take one edge (an offer),
 * and a forest of nodes with capacities above the edges. An edge takes one unit of its leaf and of every node
 * above it. A pool adds what capacities cannot say: types of different size on one parent.
 */
export interface Problem {
  rows: number;
  /** Edges of row `i` are `first[i]` up to, not including, `first[i + 1]`; the last of them leaves it unplaced. */
  first: Int32Array;
  leaf: Int32Array;
  /** What an edge costs, see `Levels`. */
  cost: Float64Array;
  /** What decides between plans of one cost: `tieWidth` numbers an edge, compared one after another. */
  tie: Float64Array;
  tieWidth: number;
  /** The pool that an edge draws on, or -1, and the share of it that it takes. */
  pool: Int32Array;
  share: Float64Array;
  /** The node above a node, -1 above a root; the root of a node; how many units a node takes. */
  parent: Int32Array;
  root: Int32Array;
  upper: Int32Array;
  pools: readonly Pool[];
  levels: Levels;
}

/** Nodes that draw on one limit: `sum of weight * units <= limit`. With `oneKind`, only one kind may draw at all. */
export interface Pool {
  slots: readonly { node: number; weight: bigint; kind: string }[];
  limit: bigint;
  oneKind: boolean;
}

/**
 * The weights of a cost, so that no sum of lesser things outweighs one greater thing: each is more than eight
 * times what the lesser ones can come to. Costs are integers, far below 2^53.
 */
export interface Levels {
  rank: number;
  evidence: number;
  unknown: number;
  unplaced: number;
}

/** The weights for so many rows with ranks up to `maxRank`: the finer the rank, the sharper are bounds. */
export function makeLevels(rows: number, maxRank: number): Levels {
  for (let rank = 1024;; rank /= 2) {
    const evidence = 8 * rank * (rows * maxRank + 1);
    const unknown = 8 * evidence * (EVIDENCE.length * rows + 1);
    const unplaced = 8 * unknown * (rows + 1);
    if (rank === 1 || rows * unplaced < 2 ** 50) return { rank, evidence, unknown, unplaced };
  }
}

/**
 * The least cost of a plan whose cost is at least `bound`: what is more than the lesser levels can come to must
 * be a whole unit of the greater.
 */
export function roundUp(bound: number, levels: Levels): number {
  let cost = Math.ceil(bound / levels.rank) * levels.rank;
  for (const unit of [levels.evidence, levels.unknown, levels.unplaced]) {
    const part = ((cost % unit) + unit) % unit;
    if (part > unit / 4) cost += unit - part;
  }
  return cost;
}

/** Whether a pool takes so many units of its nodes. Exact: integers, no fractions. */
export function fitsPool(pool: Pool, unitsOf: (node: number) => number): boolean {
  let sum = 0n;
  let kind: string | undefined;
  for (const slot of pool.slots) {
    const units = unitsOf(slot.node);
    if (units === 0) continue;
    if (pool.oneKind && kind !== undefined && kind !== slot.kind) return false;
    kind = slot.kind;
    sum += slot.weight * BigInt(units);
  }
  return sum <= pool.limit;
}
