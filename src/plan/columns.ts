import type { Problem } from "./problem.ts";
import type { Room } from "./room.ts";

/**
 * Columns of which each is taken once at most, such that every plan has one for each of its options.
 *
 * A place has a column for each unit of its lightest slot that fits, and an option of a slot of which n fit may have one
 * of the first n. Of what a plan puts on a place, the heaviest first, the i-th has a column left: i that are as heavy
 * fit together. A device has one column to itself, behind those of heavier slots: it takes none from what is
 * heavier, and of what is not, it is one of those that fit together.
 */
export interface Columns {
  count: number;
  /** Options by number: those of a row follow one another from `starts[row]` on. */
  starts: Int32Array;
  /** The columns of an option are from `first` up to, not including, `end`: none where it does not fit. */
  first: Int32Array;
  end: Int32Array;
  /** Looks what fits now, of the rows from this one on, and of options with at least the tie of their row's group. */
  update(row: number, ties: Int32Array): void;
}

export function layColumns({ rows, slots, places, devices }: Problem, room: Room): Columns {
  const starts = new Int32Array(rows.length + 1);
  const devicesOf = slots.map(() => new Set<number>());
  const wanted = new Int32Array(places.length);
  rows.forEach(({ options }, row) => {
    starts[row + 1] = starts[row]! + options.length;
    for (const { slot, device } of options) if (device !== -1) devicesOf[slot]!.add(device);
    for (const place of new Set(options.map(({ slot }) => slots[slot]!.place))) wanted[place]!++;
  });
  // No more columns than rows want of a place.
  let count = 0;
  const bases = places.map((place, at) => {
    const base = count;
    const most = Math.max(...place.slots.map((slot) => room.units[slot]!));
    count += Math.min(most, wanted[at]!);
    for (const slot of place.slots) count += devicesOf[slot]!.size;
    return base;
  });
  const isMixed = places.map((place) => place.slots.some((slot) => devicesOf[slot]!.size > 0));
  const seats = new Int32Array(devices);
  const first = new Int32Array(starts[rows.length]!);
  const end = new Int32Array(first.length);

  function seatDevices(at: number): void {
    let [seat, heavier] = [0, 0];
    for (const slot of places[at]!.slots) {
      seat = Math.max(seat, heavier);
      for (const device of devicesOf[slot]!) {
        if (!room.isTaken[device]) seats[device] = bases[at]! + seat++;
      }
      heavier = Math.max(heavier, Math.min(room.units[slot]!, wanted[at]!));
    }
  }

  function update(from: number, ties: Int32Array): void {
    places.forEach((_, at) => isMixed[at] && seatDevices(at));
    for (let row = from; row < rows.length; row++) {
      const { group, options } = rows[row]!;
      for (let i = 0; i < options.length; i++) {
        const { tie, slot, device } = options[i]!;
        const { place } = slots[slot]!;
        const isOpen = tie >= ties[group]! && !(device !== -1 && room.isTaken[device]);
        const most = device === -1 ? wanted[place]! : 1;
        const at = starts[row]! + i;
        first[at] = device === -1 ? bases[place]! : seats[device]!;
        end[at] = first[at]! + (isOpen ? Math.min(room.units[slot]!, most) : 0);
      }
    }
  }

  return { count, starts, first, end, update };
}
