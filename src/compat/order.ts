import { EVIDENCE, type Identity, type Offer } from "../identity/mod.ts";

/** An offer before it has a rank, with what its rank comes from beside what it shows. */
export type Unranked = Omit<Offer, "rank" | "order"> & {
  /** Its place among all targets of all rules, null where no rule accepted it. */
  ruleIndex: number | null;
  numaNode: number | null;
};

/** What offers are compared by, one after another: its name, what is shown, and the smaller is the better. */
const KEYS: readonly {
  name: string;
  shown: (offer: Unranked, wish: Wish) => unknown;
  value: (offer: Unranked, wish: Wish) => number;
}[] = [
  {
    name: "verdict",
    shown: ({ verdict }) => verdict,
    value: ({ verdict }) => verdict === "compatible" ? 0 : 1,
  },
  {
    name: "evidence",
    shown: ({ evidence }) => evidence,
    value: ({ evidence }) => evidence === null ? EVIDENCE.length : EVIDENCE.indexOf(evidence),
  },
  {
    name: "unknowns",
    shown: countUnknowns,
    value: countUnknowns,
  },
  {
    name: "rule",
    shown: ({ ruleIndex }) => ruleIndex,
    value: ({ ruleIndex }) => ruleIndex ?? Number.MAX_SAFE_INTEGER,
  },
  {
    name: "now",
    shown: ({ availability }) => availability.now,
    value: ({ availability }) => availability.now ? 0 : 1,
  },
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

/** What they are compared by at last, so that no two are alike. */
const NAMES: readonly (({ configuration }: Unranked) => string)[] = [
  ({ configuration }) => configuration.kind,
  ({ configuration }) => configuration.type,
  ({ configuration }) => configuration.parent ?? "",
  ({ configuration }) => configuration.id ?? "",
];

/**
 * The order of offers, best first: compatible before unknown; the stronger evidence; of what is unknown, the fewer
 * things that are; a rule's own order; available now; no creation before creation; the NUMA node that the source wishes; the smaller leftover, so that the
 * scarcer configuration is used up before the one that others may still need; then the name. Total, and the
 * same for any order of the input. Each offer carries what its rank came from.
 */
export function rankOffers(offers: readonly Unranked[], wish: Wish = {}): Offer[] {
  return offers
    .map((offer) => ({ offer, values: KEYS.map(({ value }) => value(offer, wish)) }))
    .toSorted((a, b) => compareValues(a.values, b.values) || compareNames(a.offer, b.offer))
    .map(({ offer }, index) => {
      const { ruleIndex: _, numaNode: __, ...rest } = offer;
      const order = Object.fromEntries(KEYS.map(({ name, shown }) => [name, shown(offer, wish)]));
      return { rank: index + 1, ...rest, order };
    });
}

/** Of an offer of unknown verdict, how many things are not known: the fewer, the nearer. */
function countUnknowns({ verdict, reasons }: Unranked): number {
  return verdict === "compatible" ? 0 : reasons.filter(({ code }) => code !== "SameType").length;
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
    const [x, y] = [name(a), name(b)];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}
