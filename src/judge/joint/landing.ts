import { compareText, EVIDENCE, type Offer } from "../../documents/mod.ts";
import { configurationText, type PlanHost } from "./host.ts";
import { p2pOfPlacement } from "./p2p.ts";
import type { Draw, Supply } from "./supply.ts";
import type { PlanSource } from "./together.ts";

/** An offer that a plan can use for a source. */
export interface Landing {
  offer: Offer;
  /** The name of the configuration. */
  text: string;
  draw: Draw;
  /** Whether the verdict is unknown: because of the offer, of P2P or of the parent's room. */
  isUnknown: boolean;
  isP2pUnknown: boolean;
  /** The index of the evidence; 0 is the strongest. */
  evidence: number;
}

/** Which plans to search for. */
export interface Search {
  /** Only what is free now, or also what must be freed first. */
  when: "now" | "later";
  /** Whether shared parents must be certain to have room. */
  certain: boolean;
  /** Whether there are several sources. Then all must support P2P. */
  several: boolean;
}

/**
 * The landings of a source, best first; only the near ones if `places` is given. Offers determine the order, but a
 * landing moves back if P2P or the parent's room is unknown. So the search can stop when landings that did not move
 * back cover that many places.
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
 * The landings that one of the `count` best plans can use: up to the first landing on the (rows + count - 1)th place.
 *
 * Proof. Assume that a plan puts a source onto a later landing. The other rows - 1 sources leave at least `count` of
 * those places empty. The best landing on an empty place always fits, because every landing fits alone. It is better
 * than the later one, and the change only frees room. So there are `count` better plans, one for each of these places.
 */
function keepNear(landings: readonly Landing[], places: number): Landing[] {
  const seen = new Set<string>();
  const end = landings.findIndex(({ draw }) => seen.add(draw.place).size === places);
  return end === -1 ? [...landings] : landings.slice(0, end + 1);
}

/**
 * Drops landings that none of the `count` best plans needs: those with `count` better landings on the same place that
 * draw no more. Of the better landings that are devices, only those beyond the number of other sources count.
 *
 * Proof. Assume that a plan puts a source onto a dropped landing. Each of the better landings has room for the source
 * instead, except devices that other sources take. So there are `count` better plans.
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

/** Groups sources with the same landings. The group of a source is the index of the first such source. */
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
