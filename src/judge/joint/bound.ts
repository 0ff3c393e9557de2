import { layColumns } from "./columns.ts";
import type { Assignment, Option } from "./assignment.ts";
import type { Room } from "./room.ts";

/**
 * A lower bound for the rest of a plan: the cheapest assignment of its rows to one column each (Hungarian method). Only
 * options count whose tie is at least that of the row's group.
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

  /** Extends the search from a row at distance `far`, which has the column `by`, to the columns that it may take. */
  function goOn(row: number, far: number, by: number): void {
    const { group, options } = rows[row]!;
    for (const option of options) {
      const length = far + option.cost - u[row]!;
      // Options are sorted by cost. Nothing farther than a free column is needed.
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

  /** The nearest of the reached columns. */
  function nearest(): number {
    let next = -1;
    steps += reachedCount;
    for (let i = 0; i < reachedCount; i++) {
      const column = reached[i]!;
      if (!isDone[column] && (next === -1 || distance[column]! < distance[next]!)) next = column;
    }
    return next;
  }

  /** Assigns a column to a row by the shortest augmenting path. Returns its cost. */
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
    /** The number of columns visited so far. */
    steps: () => steps,
    /** The lowest possible cost of the rows from this one on. */
    costFrom(first: number): number {
      update();
      rowOf.fill(-1);
      v.fill(0);
      steps += count;
      let sum = 0;
      for (let row = first; row < rows.length; row++) sum += addRow(row);
      return sum;
    },
    /** The least extra cost if a row takes this option (reduced cost). Call `costFrom` of that row before. */
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
