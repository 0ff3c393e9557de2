import type { Assignment, Option } from "./assignment.ts";
import type { Room } from "./room.ts";

/**
 * Columns that can be taken at most once each. Every plan has a column for each of its options.
 *
 * A place has one column for each unit of its lightest slot that fits. If n units of a slot fit, its options may take
 * one of the first n columns. Proof that every option of a plan gets a column: sort the options on a place, heaviest
 * first. For the i-th there are i columns, because i units of its weight fit together. A device has its own column,
 * behind those of heavier slots. So it takes none from heavier options, and it is one of the units that fit otherwise.
 */
export interface Columns {
  count: number;
  /** Updates the columns of devices. Call it after options were taken or given back. */
  update(): void;
  firstOf(option: Option): number;
  /** The number of columns that an option may take, from its first on; 0 if it does not fit. */
  countOf(option: Option): number;
}

export function layColumns({ rows, slots, places, devices }: Assignment, room: Room): Columns {
  const devicesOf = slots.map(() => new Set<number>());
  const wanted = new Int32Array(places.length);
  for (const { options } of rows) {
    for (const { slot, device } of options) if (device !== -1) devicesOf[slot]!.add(device);
    for (const place of new Set(options.map(({ slot }) => slots[slot]!.place))) wanted[place]!++;
  }
  // A place needs at most as many columns as rows that want it.
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
