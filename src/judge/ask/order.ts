import { compareText, EVIDENCE, type Identity, type Offer } from "../../documents/mod.ts";

/** An offer before it is ranked, with values that decide its rank but are not shown in it. */
export type Unranked = Omit<Offer, "rank" | "order"> & {
  /** The index among all targets of all rules; null if no rule accepted it. */
  ruleIndex: number | null;
  /** The sum of the weights of all open questions; 0 if compatible. */
  unknowns: number;
  numaNode: number | null;
};

/**
 * The possible orders. By `evidence`, a configuration that is not available may come before an available one. With
 * `available`, available ones come first within each verdict.
 */
export const OFFER_ORDERS = ["evidence", "available"] as const;
export type OfferOrder = (typeof OFFER_ORDERS)[number];

/** A sort key of offers: its name, the value that is shown, and the value that is compared. Smaller is better. */
interface Key {
  name: string;
  shown: (offer: Unranked, wish: Wish) => unknown;
  value: (offer: Unranked, wish: Wish) => number;
}

const VERDICT: Key = {
  name: "verdict",
  shown: ({ verdict }) => verdict,
  value: ({ verdict }) => verdict === "compatible" ? 0 : 1,
};
const NOW: Key = {
  name: "now",
  shown: ({ availability }) => availability.now,
  value: ({ availability }) => availability.now ? 0 : 1,
};

/** The sort keys for the order `evidence`. */
const KEYS: readonly Key[] = [
  VERDICT,
  {
    name: "evidence",
    shown: ({ evidence }) => evidence,
    value: ({ evidence }) => evidence === null ? EVIDENCE.length : EVIDENCE.indexOf(evidence),
  },
  {
    name: "unknowns",
    shown: ({ unknowns }) => unknowns,
    value: ({ unknowns }) => unknowns,
  },
  {
    name: "rule",
    shown: ({ ruleIndex }) => ruleIndex,
    value: ({ ruleIndex }) => ruleIndex ?? Number.MAX_SAFE_INTEGER,
  },
  NOW,
  {
    name: "create",
    shown: ({ create }) => create !== null,
    value: ({ create }) => create === null ? 0 : 1,
  },
  {
    name: "numaNode",
    shown: ({ numaNode }) => numaNode,
    value: ({ numaNode }, { numaNode: wished }) =>
      wished == null || numaNode === wished ? 0 : numaNode === null ? 1 : 2,
  },
  {
    name: "leftover",
    shown: leftover,
    value: (offer) => leftover(offer) ?? Number.MAX_SAFE_INTEGER,
  },
];

type Wish = NonNullable<Identity["wish"]>;

/** The sort keys for the order `available`. */
const AVAILABLE_FIRST: readonly Key[] = [...new Set([VERDICT, NOW, ...KEYS])];

/** The last sort keys. No two offers are equal in all of them. */
const NAMES: readonly (({ configuration }: Unranked) => string)[] = [
  ({ configuration }) => configuration.kind,
  ({ configuration }) => configuration.type,
  ({ configuration }) => configuration.parent ?? "",
  ({ configuration }) => configuration.id ?? "",
];

/**
 * Sorts offers, best first: compatible before unknown; stronger evidence; among unknown offers, fewer or lighter open
 * questions; the order in the rules; available now; existing before to be created; the NUMA node that the source
 * prefers; the smaller leftover, so that scarce configurations are used first; then the name. With the order
 * `available`, availability comes right after the verdict. The order is total and does not depend on the input order.
 * Each offer contains the values that decided its rank.
 */
export function rankOffers(
  offers: readonly Unranked[],
  wish: Wish = {},
  order: OfferOrder = "evidence",
): Offer[] {
  const keys = order === "available" ? AVAILABLE_FIRST : KEYS;
  return offers
    .map((offer) => ({ offer, values: keys.map(({ value }) => value(offer, wish)) }))
    .toSorted((a, b) => compareValues(a.values, b.values) || compareNames(a.offer, b.offer))
    .map(({ offer }, index) => {
      const { ruleIndex: _, numaNode: __, unknowns: ___, ...rest } = offer;
      const order = Object.fromEntries(keys.map(({ name, shown }) => [name, shown(offer, wish)]));
      return { rank: index + 1, ...rest, order };
    });
}

function leftover({ availability, configuration }: Unranked): number | null {
  const { kind, instances: wanted = 1 } = configuration;
  if (kind === "device") return 0;
  return availability.instances === null ? null : Math.max(0, availability.instances - wanted);
}

function compareValues(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at === -1 ? 0 : a[at]! - b[at]!;
}

function compareNames(a: Unranked, b: Unranked): number {
  for (const name of NAMES) {
    const order = compareText(name(a), name(b));
    if (order !== 0) return order;
  }
  return 0;
}
