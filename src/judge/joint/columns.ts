import type { Assignment, Option } from "./assignment.ts";
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
  /** Looks again where devices have theirs: after options were taken or given back. */
  update(): void;
  firstOf(option: Option): number;
  /** How many an option may have, from its first on: 0 where it does not fit. */
  countOf(option: Option): number;
}

export function layColumns({ rows, slots, places, devices }: Assignment, room: Room): Columns {
  const devicesOf = slots.map(() => new Set<number>());
  const wanted = new Int32Array(places.length);
  for (const { options } of rows) {
    for (const { slot, device } of options) if (device !== -1) devicesOf[slot]!.add(device);
    for (const place of new Set(options.map(({ slot }) => slots[slot]!.place))) wanted[place]!++;
  }
  // No more columns than rows want of a place.
  let count = 0;
  const bases = places.map((place, at) => {
    const base = count;
    const most = Math.max(...place.slots.map((slot) => room.units[slot]!));
    count += Math.min(most, wanted[at]!);
    for (const slot of place.slots) count += devicesOf[slot]!.size;
    return base;
  });
  const mixed = places.map((_, at) => at)
    .filter((at) => places[at]!.slots.some((slot) => devicesOf[slot]!.size > 0));
  const seats = new Int32Array(devices);

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

  return {
    count,
    update: () => mixed.forEach(seatDevices),
    firstOf: ({ slot, device }) => device === -1 ? bases[slots[slot]!.place]! : seats[device]!,
    countOf({ slot, device }) {
      if (device === -1) return Math.min(room.units[slot]!, wanted[slots[slot]!.place]!);
      return room.isTaken[device] ? 0 : Math.min(room.units[slot]!, 1);
    },
  };
}
