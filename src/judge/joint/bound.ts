import { layColumns } from "./columns.ts";
import type { Assignment, Option } from "./assignment.ts";
import type { Room } from "./room.ts";

/**
 * Bounds what is left of a plan by the cheapest assignment of its rows to columns of their own (Hungarian method), with
 * options that have at least the tie of their row's group.
 */
export function makeBounds(assignment: Assignment, room: Room, ties: Readonly<Int32Array>) {
  const { rows } = assignment;
  const { count, update, firstOf, countOf } = layColumns(assignment, room);
  const rowOf = new Int32Array(count);
  const u = new Float64Array(rows.length);
  const v = new Float64Array(count);
  const distance = new Float64Array(count).fill(Infinity);
  const from = new Int32Array(count);
  const isDone = new Uint8Array(count);
  const reached = new Int32Array(count);
  let [reachedCount, nearestFree, steps] = [0, Infinity, 0];

  /** Goes on from a row, which is `far` away, by the column `by` that it has, to those that it may have. */
  function goOn(row: number, far: number, by: number): void {
    const { group, options } = rows[row]!;
    for (const option of options) {
      const length = far + option.cost - u[row]!;
      // Options come cheapest first, and what is farther than a column that is free is never needed.
      if (length >= nearestFree) return;
      steps++;
      if (option.tie < ties[group]!) continue;
      const first = firstOf(option);
      const end = first + countOf(option);
      steps += end - first;
      for (let column = first; column < end; column++) {
        const there = length - v[column]!;
        if (isDone[column] || there >= Math.min(distance[column]!, nearestFree)) continue;
        if (distance[column] === Infinity) reached[reachedCount++] = column;
        distance[column] = there;
        from[column] = by;
        if (rowOf[column] === -1) nearestFree = there;
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
    [reachedCount, nearestFree] = [0, Infinity];
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
    /** The least that the rows from this one on can cost. */
    costFrom(first: number): number {
      update();
      rowOf.fill(-1);
      v.fill(0);
      steps += count;
      let sum = 0;
      for (let row = first; row < rows.length; row++) sum += addRow(row);
      return sum;
    },
    /** How much more it costs at least where a row has this option (reduced cost); after `costFrom` of that row. */
    extraOf(row: number, option: Option): number {
      if (option.tie < ties[rows[row]!.group]!) return Infinity;
      const first = firstOf(option);
      let extra = Infinity;
      for (let column = first; column < first + countOf(option); column++) {
        extra = Math.min(extra, option.cost - u[row]! - v[column]!);
      }
      return extra;
    },
  };
}
