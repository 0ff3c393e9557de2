import { EVIDENCE } from "../../documents/mod.ts";
import type { Landing } from "./landing.ts";
import { makePool, type Share } from "./share.ts";
import type { Draw } from "./supply.ts";

/**
 * A planning question without names: rows (sources) that each take one option, and places with a limit each. An option
 * takes the weight of its slot from the place, and its device if it has one.
 */
export interface Assignment {
  /** Rows that take the largest share of a place come first. */
  rows: readonly Row[];
  slots: readonly Slot[];
  places: readonly Place[];
  /** The number of devices that share a place with other options. */
  devices: number;
  /** The cost of an unplaced row: more than all other costs together. */
  unplaced: number;
}

/** A source, and the number of its group. Sources of a group have the same landings. */
export interface Row {
  source: number;
  group: number;
  options: readonly Option[];
}

/** A landing of a source, or no landing. */
export interface Option {
  landing: Landing | null;
  cost: number;
  /** Its position among the source's landings by name. It decides between plans of equal cost. */
  tie: number;
  slot: number;
  /** -1 if it is not a device, or if the device is a place of its own. */
  device: number;
}

/** One kind of use of a place, and its weight. */
export interface Slot {
  place: number;
  weight: bigint;
  /** The weight as a share of the place. */
  share: number;
  kind: string;
}

/** What slots share, the heaviest first. With `oneKind`, only slots of one kind at the same time. */
export interface Place {
  limit: bigint;
  oneKind: boolean;
  slots: readonly number[];
}

/** Builds the assignment of landings. `groups` has the group of each source. */
export function makeAssignment(
  sources: readonly (readonly Landing[])[],
  { groups, certain }: { groups: readonly number[]; certain: boolean },
): Assignment {
  const { slots, places, add } = drawPlaces(certain);
  const slotOf = new Map(
    [...Map.groupBy(sources.flat(), ({ draw }) => draw.place).values()]
      .flatMap((here) => add(new Map(here.map(({ draw }) => [keyOf(draw), draw.share ?? WHOLE])))),
  );
  const devices = new Map<string | null, number>([[null, -1]]);
  for (const { draw: { device } } of sources.flat()) {
    if (!devices.has(device)) devices.set(device, devices.size - 1);
  }
  const { costOf, unplaced } = weighCosts(sources);
  const rows = sources.map((landings, source): Row => {
    const ties = new Map(landings.map(({ text }) => text).toSorted().map((text, at) => [text, at]));
    const options = landings.map((landing) => ({
      landing,
      cost: costOf(landing),
      tie: ties.get(landing.text)!,
      slot: slotOf.get(keyOf(landing.draw))!,
      device: devices.get(landing.draw.device)!,
    }));
    const none = add(new Map([["", WHOLE]])).map(([, slot]) => (
      { landing: null, cost: unplaced, tie: landings.length, slot, device: -1 }
    ));
    return { source, group: groups[source]!, options: [...options, ...none] };
  });
  const least = rows.map(({ options }) => leastShare(options, slots));
  rows.sort((a, b) => least[b.source]! - least[a.source]! || a.source - b.source);
  return { rows, slots, places, devices: devices.size - 1, unplaced };
}

/** The share of an option that takes the whole place. */
const WHOLE: Share = { kind: "", need: 1, instances: 1, oneKind: true };

function keyOf({ place, share }: Draw): string {
  return share === null ? place : `${place} ${share.kind} x${share.need}/${share.instances}`;
}

/** Places under construction: `add` creates one and returns the number of each of its slots. */
function drawPlaces(certain: boolean) {
  const slots: Slot[] = [];
  const places: Place[] = [];
  function add(named: ReadonlyMap<string, Share>): [string, number][] {
    const shares = [...named.values()];
    const { limit, weightOf } = makePool(shares, certain);
    const place = places.length;
    const numbers = [...named].map(([key, share]): [string, number] => {
      const weight = weightOf(share);
      const slot = { place, weight, share: Number(weight) / Number(limit), kind: share.kind };
      return [key, slots.push(slot) - 1];
    });
    const byWeight = numbers.map(([, slot]) => slot)
      .toSorted((a, b) => Number(slots[b]!.weight - slots[a]!.weight));
    places.push({ limit, oneKind: shares.some(({ oneKind }) => oneKind), slots: byWeight });
    return numbers;
  }
  return { slots, places, add };
}

/** The smallest share of a place that a row can take; 0 if it can only stay unplaced. */
function leastShare(options: readonly Option[], slots: readonly Slot[]): number {
  const shares = options.flatMap(({ landing, slot }) => landing === null ? [] : slots[slot]!.share);
  return shares.length === 0 ? 0 : Math.min(...shares);
}

/** Whether the room of some place is uncertain because slots of several weights share it. */
export function isOpen({ places, slots }: Assignment): boolean {
  return places.some(({ oneKind, slots: here }) =>
    !oneKind && new Set(here.map((slot) => slots[slot]!.weight)).size > 1
  );
}

/** Whether the rows take at least more than all their places together. Then some row stays unplaced. */
export function isOverfull({ rows, slots }: Assignment): boolean {
  const wanted = rows.flatMap(({ options }) => options.filter(({ landing }) => landing !== null));
  const places = new Set(wanted.map(({ slot }) => slots[slot]!.place)).size;
  const least = rows.reduce((sum, { options }) => sum + leastShare(options, slots), 0);
  // Far larger than the rounding error of the sums.
  return least > places + 1e-6;
}

/**
 * Weights for unplaced, unknown, evidence and rank, in this order: no sum of lower ones exceeds one higher one. Costs
 * are integers, far below 2^53 for 16 sources.
 */
function weighCosts(sources: readonly (readonly Landing[])[]) {
  const maxRank = sources.flat().reduce((most, { offer }) => Math.max(most, offer.rank), 0);
  const evidence = sources.length * maxRank + 1;
  const unknown = evidence * (sources.length * EVIDENCE.length + 1);
  const unplaced = unknown * (sources.length + 1);
  const costOf = (landing: Landing) =>
    Number(landing.isUnknown) * unknown + landing.evidence * evidence + landing.offer.rank;
  return { costOf, unplaced };
}
