import { EVIDENCE, type Offer } from "../identity/mod.ts";

type Unranked = Omit<Offer, "rank">;

/**
 * The order of offers, best first: compatible before unknown; stronger evidence; available now; no creation
 * before creation; the smaller number of free instances, so that the scarcer configuration is used up
 * before the one that others may still need; then the name. Total, and the same for any order of the input.
 */
export function rankOffers(offers: readonly Unranked[]): Offer[] {
  return offers.toSorted(compareOffers).map((offer, index) => ({ rank: index + 1, ...offer }));
}

function compareOffers(a: Unranked, b: Unranked): number {
  const [keysA, keysB] = [keysOf(a), keysOf(b)];
  for (let i = 0; i < keysA.length; i++) {
    const [x, y] = [keysA[i]!, keysB[i]!];
    if (x < y) return -1;
    if (x > y) return 1;
  }
  return 0;
}

function keysOf({ verdict, evidence, availability, create, configuration }: Unranked) {
  const { kind, type, id = "", parent = "" } = configuration;
  return [
    verdict === "compatible" ? 0 : 1,
    evidence === null ? EVIDENCE.length : EVIDENCE.indexOf(evidence),
    availability.now ? 0 : 1,
    create === null ? 0 : 1,
    availability.instances ?? Number.MAX_SAFE_INTEGER,
    kind,
    type,
    parent,
    id,
  ];
}
