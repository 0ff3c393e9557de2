import { EVIDENCE } from "../../documents/mod.ts";
import type { Landing } from "./landing.ts";
import { makePool, type Share } from "./share.ts";
import type { Draw } from "./supply.ts";

/**
 * What is left of a planning question once names are taken away: rows (sources) that each take one option, and
 * places with a limit each. An option takes what its slot weighs of a place, and its device where it has one.
 */
export interface Assignment {
  /** Those first that take most of a place. */
  rows: readonly Row[];
  slots: readonly Slot[];
  places: readonly Place[];
  /** How many devices draw on places that others draw on too. */
  devices: number;
  /** What a row costs that stays unplaced: more than all else can come to. */
  unplaced: number;
}

/** A source, and a number that those have in common that can land alike. */
export interface Row {
  source: number;
  group: number;
  options: readonly Option[];
}

/** A landing of a source, or that it has none. */
export interface Option {
  landing: Landing | null;
  cost: number;
  /** Its position among the source's by name, which decides between plans of one cost. */
  tie: number;
  slot: number;
  /** -1 where it is none, or where the device is a place of its own. */
  device: number;
}

/** What draws on a place, and how much. */
export interface Slot {
  place: number;
  weight: bigint;
  /** Which share of its place that is. */
  share: number;
  kind: string;
}

/** What slots draw on, the heaviest first; with `oneKind`, only slots of one kind at once. */
export interface Place {
  limit: bigint;
  oneKind: boolean;
  slots: readonly number[];
}

/** Takes the names off. `groups` tells which sources can land alike. */
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

/** Of a place that one takes as a whole. */
const WHOLE: Share = { kind: "", need: 1, instances: 1, oneKind: true };

function keyOf({ place, share }: Draw): string {
  return share === null ? place : `${place} ${share.kind} x${share.need}/${share.instances}`;
}

/** Places under construction: `add` makes one, and tells the number of each of its slots. */
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

/** The least share of a place that a row can take; 0 where it can only stay unplaced. */
function leastShare(options: readonly Option[], slots: readonly Slot[]): number {
  const shares = options.flatMap(({ landing, slot }) => landing === null ? [] : slots[slot]!.share);
  return shares.length === 0 ? 0 : Math.min(...shares);
}

/** Whether there is a place whose room is open: slots of several weights share it. */
export function isOpen({ places, slots }: Assignment): boolean {
  return places.some(({ oneKind, slots: here }) =>
    !oneKind && new Set(here.map((slot) => slots[slot]!.weight)).size > 1
  );
}

/** Whether what the rows take at least comes to more than all their places: then some row stays unplaced. */
export function isOverfull({ rows, slots }: Assignment): boolean {
  const wanted = rows.flatMap(({ options }) => options.filter(({ landing }) => landing !== null));
  const places = new Set(wanted.map(({ slot }) => slots[slot]!.place)).size;
  const least = rows.reduce((sum, { options }) => sum + leastShare(options, slots), 0);
  // Far more than sums of floating-point numbers can be wrong by.
  return least > places + 1e-6;
}

/**
 * Weights such that no sum of lesser things outweighs one greater thing: unplaced, unknown, evidence, rank. Costs are
 * integers, for 16 sources far below 2^53.
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
