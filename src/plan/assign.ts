import type { Problem } from "./problem.ts";

/** Bounds on the units of each node. */
export interface Bounds {
  lower: Int32Array;
  upper: Int32Array;
}

/** An edge for each row, the units that each node takes, and what it comes to. */
export interface Assignment {
  edges: Int32Array;
  units: Int32Array;
  /** How many units that `lower` asks for are met. */
  met: number;
  cost: number;
  tie: readonly number[];
}

/**
 * The cheapest assignment within the capacities of the nodes, pools left aside: rows are added one at a time, each
 * along the cheapest chain of rows that give way to one another. That is minimum cost flow by successive shortest paths
 * (exact, since the nodes are a forest and every row is one unit), walked on rows only.
 * Null where there is none. Units below a node's `lower` come before any cost, then cost, then tie.
 */
export function assign(
  problem: Problem,
  { lower, upper }: Bounds,
  cost: Float64Array,
): Assignment | null {
  const { rows, first, leaf, parent, root, tie, tieWidth } = problem;
  const width = 2 + tieWidth;
  const edges = new Int32Array(rows).fill(-1);
  const units = new Int32Array(parent.length);
  // Rows that are placed below a root, as a list: the first of each root, and the next of each row.
  const firstAt = new Int32Array(parent.length).fill(-1);
  const nextAt = new Int32Array(rows).fill(-1);
  const hasLower = lower.some((value) => value > 0);
  const distance = new Float64Array(rows * width);
  const reached = new Uint8Array(rows);
  const queued = new Uint8Array(rows);
  const fromRow = new Int32Array(rows);
  const fromEdge = new Int32Array(rows);
  const sum = new Float64Array(width);
  const best = new Float64Array(width);

  /** `sum` = the distance of a row + an edge - the edge that is given up (-1: none) + what it does to `met`. */
  function add(row: number, edge: number, given: number, forced: number): void {
    const at = row * width;
    sum[0] = distance[at]! + forced;
    sum[1] = distance[at + 1]! + cost[edge]! - (given < 0 ? 0 : cost[given]!);
    for (let i = 0; i < tieWidth; i++) {
      sum[2 + i] = distance[at + 2 + i]! + tie[edge * tieWidth + i]! -
        (given < 0 ? 0 : tie[given * tieWidth + i]!);
    }
  }

  function isLess(than: Float64Array, at: number): boolean {
    for (let i = 0; i < width; i++) {
      if (sum[i]! !== than[at + i]!) return sum[i]! < than[at + i]!;
    }
    return false;
  }

  /** What entering or leaving does to `met`, on the nodes from a leaf up to, not including, a node. */
  function entering(node: number, below: number): number {
    let forced = 0;
    for (; node !== below; node = parent[node]!) if (units[node]! < lower[node]!) forced--;
    return forced;
  }
  function leaving(node: number, below: number): number {
    let forced = 0;
    for (; node !== below; node = parent[node]!) if (units[node]! <= lower[node]!) forced++;
    return forced;
  }

  function isAbove(node: number, below: number): boolean {
    for (; below !== -1; below = parent[below]!) if (below === node) return true;
    return false;
  }

  /** The lowest node that both edges draw on, where nothing below it is full for the first; else -1. */
  function meeting(edge: number, other: number): number {
    const below = leaf[other]!;
    for (let node = leaf[edge]!; node !== -1; node = parent[node]!) {
      if (isAbove(node, below)) return node;
      if (units[node]! >= upper[node]!) return -1;
    }
    return -1;
  }

  function isFree(node: number): boolean {
    for (; node !== -1; node = parent[node]!) if (units[node]! >= upper[node]!) return false;
    return true;
  }

  /** Gives a row its place, and others another; false where there is none. */
  function place(start: number): boolean {
    reached.fill(0);
    distance.fill(0, start * width, (start + 1) * width);
    reached[start] = 1;
    let [lastRow, lastEdge] = [-1, -1];
    const queue = [start];
    for (let head = 0; head < queue.length; head++) {
      const row = queue[head]!;
      queued[row] = 0;
      for (let edge = first[row]!; edge < first[row + 1]!; edge++) {
        const bottom = leaf[edge]!;
        if (upper[bottom]! === 0) continue;
        if (isFree(bottom)) {
          add(row, edge, -1, hasLower ? entering(bottom, -1) : 0);
          if (lastRow === -1 || isLess(best, 0)) {
            best.set(sum);
            [lastRow, lastEdge] = [row, edge];
          }
        }
        const top = root[bottom]!;
        for (let other = firstAt[top]!; other !== -1; other = nextAt[other]!) {
          if (other === row) continue;
          const given = edges[other]!;
          const node = meeting(edge, given);
          if (node === -1) continue;
          const forced = hasLower ? entering(bottom, node) + leaving(leaf[given]!, node) : 0;
          add(row, edge, given, forced);
          if (reached[other] && !isLess(distance, other * width)) continue;
          reached[other] = 1;
          distance.set(sum, other * width);
          fromRow[other] = row;
          fromEdge[other] = edge;
          if (!queued[other]) {
            queued[other] = 1;
            queue.push(other);
          }
        }
      }
    }
    if (lastRow === -1) return false;
    for (let [row, edge] = [lastRow, lastEdge];;) {
      take(row, edge);
      if (row === start) return true;
      [row, edge] = [fromRow[row]!, fromEdge[row]!];
    }
  }

  function unlink(row: number, top: number): void {
    if (firstAt[top] === row) {
      firstAt[top] = nextAt[row]!;
      return;
    }
    let before = firstAt[top]!;
    while (nextAt[before] !== row) before = nextAt[before]!;
    nextAt[before] = nextAt[row]!;
  }

  function take(row: number, edge: number): void {
    const old = edges[row]!;
    if (old >= 0) {
      for (let node = leaf[old]!; node !== -1; node = parent[node]!) units[node]!--;
      unlink(row, root[leaf[old]!]!);
    }
    const top = root[leaf[edge]!]!;
    nextAt[row] = firstAt[top]!;
    firstAt[top] = row;
    for (let node = leaf[edge]!; node !== -1; node = parent[node]!) units[node]!++;
    edges[row] = edge;
  }

  for (let row = 0; row < rows; row++) if (!place(row)) return null;
  return total(problem, { edges, units, lower, cost });
}

function total(
  { tie, tieWidth }: Problem,
  { edges, units, lower, cost }: {
    edges: Int32Array;
    units: Int32Array;
    lower: Int32Array;
    cost: Float64Array;
  },
): Assignment {
  const sums = new Array<number>(tieWidth).fill(0);
  let whole = 0;
  for (const edge of edges) {
    whole += cost[edge]!;
    for (let i = 0; i < tieWidth; i++) sums[i]! += tie[edge * tieWidth + i]!;
  }
  let met = 0;
  for (let node = 0; node < lower.length; node++) met += Math.min(lower[node]!, units[node]!);
  return { edges, units, met, cost: whole, tie: sums };
}
