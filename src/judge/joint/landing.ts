import { compareText, EVIDENCE, type Offer } from "../../documents/mod.ts";
import { configurationText, type PlanHost } from "./host.ts";
import { p2pOfPlacement } from "./p2p.ts";
import type { Draw, Supply } from "./supply.ts";
import type { PlanSource } from "./together.ts";

/** An offer that a source can be planned onto. */
export interface Landing {
  offer: Offer;
  /** The configuration by name. */
  text: string;
  draw: Draw;
  /** Counts as a placement of unknown verdict: by the offer, by P2P, or since the parent's room is not known. */
  isUnknown: boolean;
  isP2pUnknown: boolean;
  /** The place of the evidence, 0 the strongest. */
  evidence: number;
}

/** Which plans are looked for. */
export interface Search {
  /** Only what is free now, or also what would have to be freed. */
  when: "now" | "later";
  /** Whether parents that types share must be certain to have room. */
  certain: boolean;
  /** Whether the sources are more than one device, so that all must support P2P. */
  several: boolean;
}

/**
 * The offers that a source can be planned onto, best first; only the near ones where so many `places` suffice.
 * What an offer says itself orders it, but for a placement that turns out unknown, which only moves it back: so that
 * it is enough to look until that many places are open to landings that were not moved.
 */
export function listLandings(
  host: PlanHost,
  supply: Supply,
  { source, offers }: PlanSource,
  { when, several, places = Infinity }: Search & { places?: number },
): Landing[] {
  const landings = new Map<string, Landing>();
  const open = new Set<string>();
  for (const offer of offers.toSorted(compareOffers)) {
    if (open.size >= places) break;
    const p2p = several ? p2pOfPlacement(host, source, offer) : "exempt";
    const draw = p2p === "lacks" ? null : supply.drawOf(offer, when);
    const text = configurationText(offer.configuration);
    if (draw === null || landings.has(text)) continue;
    const isP2pUnknown = p2p === "unknown";
    const isMoved = isP2pUnknown || draw.isDoubtful;
    const isUnknown = offer.verdict === "unknown" || isMoved;
    landings.set(text, { offer, text, draw, isUnknown, isP2pUnknown, evidence: evidenceOf(offer) });
    if (!isMoved || offer.verdict === "unknown") open.add(draw.place);
  }
  return keepNear(
    [...landings.values()].toSorted((a, b) =>
      Number(a.isUnknown) - Number(b.isUnknown) || a.evidence - b.evidence ||
      a.offer.rank - b.offer.rank || compareText(a.text, b.text)
    ),
    places,
  );
}

function evidenceOf({ evidence }: Offer): number {
  return evidence === null ? EVIDENCE.length : EVIDENCE.indexOf(evidence);
}

function compareOffers(a: Offer, b: Offer): number {
  return Number(a.verdict === "unknown") - Number(b.verdict === "unknown") ||
    evidenceOf(a) - evidenceOf(b) || a.rank - b.rank;
}

/**
 * The landings that a plan among the `count` best can use: up to the one that opens the (rows + count - 1)th place.
 *
 * Proof. Let a plan put a source onto a later landing. The other rows - 1 sources leave at least `count` of those
 * places empty. In an empty place the best landing fits whatever else is planned, since every landing fits
 * alone; it is better than the later one, and nothing else changes but that room is given up. That makes `count`
 * different plans that are better: one for each of these places.
 */
function keepNear(landings: readonly Landing[], places: number): Landing[] {
  const seen = new Set<string>();
  const end = landings.findIndex(({ draw }) => seen.add(draw.place).size === places);
  return end === -1 ? [...landings] : landings.slice(0, end + 1);
}

/**
 * The landings that a plan among the `count` best can use, of those on one place: not such as `count` others outdo there,
 * which are better and draw no more. A device outdoes only beside as many more as there are other sources.
 *
 * Proof. Let a plan put a source onto a landing that is outdone. It has room on each of those that outdo it instead,
 * but for devices that other sources have. That makes `count` different plans that are better.
 */
export function dropOutdone(
  landings: readonly Landing[],
  { count, others }: { count: number; others: number },
): Landing[] {
  const kept = new Map<string, Landing[]>();
  return landings.filter((landing) => {
    const here = kept.get(landing.draw.place) ?? [];
    const better = here.filter((other) => drawsNoMore(other, landing));
    const devices = better.filter(({ draw }) => draw.device !== null).length;
    if (better.length - devices + Math.max(0, devices - others) >= count) return false;
    kept.set(landing.draw.place, [...here, landing]);
    return true;
  });
}

function drawsNoMore({ draw: { share: a } }: Landing, { draw: { share: b } }: Landing): boolean {
  if (a === null || b === null) return true;
  return a.need <= b.need && a.instances >= b.instances && (!a.oneKind || a.kind === b.kind);
}

/** Which sources can land alike: for each, the first that can land just as it can. */
export function classify(all: readonly (readonly Landing[])[]): number[] {
  return all.map((landings) => all.findIndex((other) => areAlike(landings, other)));
}

function areAlike(a: readonly Landing[], b: readonly Landing[]): boolean {
  return a.length === b.length && a.every((landing, i) => {
    const other = b[i]!;
    return landing.text === other.text && landing.offer.rank === other.offer.rank &&
      landing.evidence === other.evidence && landing.isUnknown === other.isUnknown;
  });
}
