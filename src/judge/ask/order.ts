import { compareText, EVIDENCE, type Identity, type Offer } from "../../documents/mod.ts";

/** An offer before it has a rank, with what its rank comes from beside what it shows. */
export type Unranked = Omit<Offer, "rank" | "order"> & {
  /** Its place among all targets of all rules, null where no rule accepted it. */
  ruleIndex: number | null;
  /** How much is not known, by the weight of each open question; 0 where it is compatible. */
  unknowns: number;
  numaNode: number | null;
};

/**
 * The orders there are: by `evidence`, in which a configuration that is taken may come before one that is free; or
 * `available` first, within what is compatible and within what is unknown.
 */
export const OFFER_ORDERS = ["evidence", "available"] as const;
export type OfferOrder = (typeof OFFER_ORDERS)[number];

/** What offers are compared by: its name, what is shown, and the smaller is the better. */
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

/** All that offers are compared by, one after another, by evidence. */
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

/** The same where what is available comes first. */
const AVAILABLE_FIRST: readonly Key[] = [...new Set([VERDICT, NOW, ...KEYS])];

/** What they are compared by at last, so that no two are alike. */
const NAMES: readonly (({ configuration }: Unranked) => string)[] = [
  ({ configuration }) => configuration.kind,
  ({ configuration }) => configuration.type,
  ({ configuration }) => configuration.parent ?? "",
  ({ configuration }) => configuration.id ?? "",
];

/**
 * The order of offers, best first: compatible before unknown; the stronger evidence; among unknown offers, the fewer or
 * lighter open questions; a rule's own order; available now; no creation before creation; the NUMA node that the source
 * wishes; the smaller leftover, so that the scarcer configuration is used up before the one that others may still need;
 * then the name. With the order `available`, what is available now comes right after the verdict. Total, and the same for
 * any order of the input. Each offer carries what its rank came from.
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
