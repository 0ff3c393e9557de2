import type { Assignment, Option } from "./assignment.ts";

/** The free room of all places. Options are taken and given back in reverse order. */
export interface Room {
  /** How many more options of each slot fit, at most the number of rows. */
  units: Readonly<Int32Array>;
  /** Which devices are taken. */
  isTaken: Readonly<Uint8Array>;
  take(option: Option): void;
  giveBack(option: Option): void;
}

/** The room of empty places. */
export function makeRoom({ rows, slots, places, devices }: Assignment): Room {
  const left = places.map(({ limit }) => limit);
  const kinds = places.map((): string[] => []);
  const isTaken = new Uint8Array(devices);
  const units = new Int32Array(slots.length);

  function recount(at: number): void {
    const { oneKind, slots: here } = places[at]!;
    const [kind] = kinds[at]!;
    for (const slot of here) {
      const isOther = oneKind && kind !== undefined && kind !== slots[slot]!.kind;
      const most = Number(left[at]! / slots[slot]!.weight);
      units[slot] = isOther ? 0 : Math.min(most, rows.length);
    }
  }

  places.forEach((_, at) => recount(at));
  return {
    units,
    isTaken,
    take({ slot, device }) {
      const { place, weight, kind } = slots[slot]!;
      left[place]! -= weight;
      kinds[place]!.push(kind);
      if (device !== -1) isTaken[device] = 1;
      recount(place);
    },
    giveBack({ slot, device }) {
      const { place, weight } = slots[slot]!;
      left[place]! += weight;
      kinds[place]!.pop();
      if (device !== -1) isTaken[device] = 0;
      recount(place);
    },
  };
}
