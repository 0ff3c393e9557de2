import { layColumns } from "./columns.ts";
import type { Problem } from "./problem.ts";
import type { Room } from "./room.ts";

/** Bounds what is left of a plan by the cheapest assignment of its rows to columns of their own (Hungarian method). */
export function makeBounds(problem: Problem, room: Room) {
  const { rows } = problem;
  const { count, starts, first, end, update } = layColumns(problem, room);
  const cost = Float64Array.from(rows.flatMap(({ options }) => options.map(({ cost }) => cost)));
  const rowOf = new Int32Array(count);
  const u = new Float64Array(rows.length);
  const v = new Float64Array(count);
  const distance = new Float64Array(count).fill(Infinity);
  const from = new Int32Array(count);
  const isDone = new Uint8Array(count);
  const reached = new Int32Array(count);
  let [reachedCount, steps] = [0, 0];

  /** Goes on from a row, which is `far` away, by the column `by` that it has, to those that it may have. */
  function goOn(row: number, far: number, by: number): void {
    for (let option = starts[row]!; option < starts[row + 1]!; option++) {
      const length = far + cost[option]! - u[row]!;
      steps += 1 + end[option]! - first[option]!;
      for (let column = first[option]!; column < end[option]!; column++) {
        if (isDone[column] || length - v[column]! >= distance[column]!) continue;
        if (distance[column] === Infinity) reached[reachedCount++] = column;
        distance[column] = length - v[column]!;
        from[column] = by;
      }
    }
  }

  /** The column that is nearest of those that were reached. */
  function nearest(): number {
    let next = -1;
    steps += reachedCount;
    for (let i = 0; i < reachedCount; i++) {
      const column = reached[i]!;
      if (!isDone[column] && (next === -1 || distance[column]! < distance[next]!)) next = column;
    }
    return next;
  }

  /** Gives a row a column by the shortest chain of rows that give way to one another; tells what that costs. */
  function addRow(row: number): number {
    u[row] = 0;
    reachedCount = 0;
    goOn(row, 0, -1);
    let column = nearest();
    while (rowOf[column] !== -1) {
      isDone[column] = 1;
      goOn(rowOf[column]!, distance[column]!, column);
      column = nearest();
    }
    const length = distance[column]!;
    u[row] = length;
    for (let i = 0; i < reachedCount; i++) {
      const other = reached[i]!;
      if (isDone[other]) {
        u[rowOf[other]!]! += length - distance[other]!;
        v[other]! -= length - distance[other]!;
      }
      distance[other] = Infinity;
      isDone[other] = 0;
    }
    for (; column !== -1; column = from[column]!) {
      rowOf[column] = from[column] === -1 ? row : rowOf[from[column]!]!;
    }
    return length;
  }

  return {
    /** How many columns were looked at so far. */
    steps: () => steps,
    /** The least that the rows from this one on can cost, with options of at least the ties of their groups. */
    costFrom(from: number, ties: Int32Array): number {
      steps += 2 * (end.length - starts[from]!);
      update(from, ties);
      rowOf.fill(-1);
      v.fill(0);
      let sum = 0;
      for (let row = from; row < rows.length; row++) sum += addRow(row);
      return sum;
    },
    /** How much more it costs at least where a row has its n-th option (reduced cost); after `costFrom` of that row. */
    extraOf(row: number, n: number): number {
      const option = starts[row]! + n;
      let extra = Infinity;
      for (let column = first[option]!; column < end[option]!; column++) {
        extra = Math.min(extra, cost[option]! - u[row]! - v[column]!);
      }
      return extra;
    },
  };
}
