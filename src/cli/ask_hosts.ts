import { type AnswerOptions, answerTogether } from "../answers/mod.ts";
import { ask, reasonsNotToMigrate } from "../judge/ask/mod.ts";
import type { Plan } from "../judge/joint/mod.ts";
import {
  compareText,
  EVIDENCE,
  type Identity,
  type Offer,
  type Reason,
  type Snapshot,
  type Verdict,
} from "../documents/mod.ts";
import type { Asked } from "./tell_answer.ts";

/** Where a source would be placed on a host. */
interface HostPlacement extends Pick<Offer, "configuration" | "evidence" | "availability"> {
  source: string;
}

/** The short answer of one of many hosts. */
export interface HostEntry {
  file: string;
  host: { name: string; kernel: string };
  snapshot: number;
  takenAt: string;
  verdict: Verdict;
  /** The best placement of the sources, null if there is none. */
  best: { now: boolean; placements: HostPlacement[] } | null;
  /** The total weight of the open questions of the best placement. */
  unknowns: number;
  /** Why the verdict is not compatible; empty if it is. */
  reasons: Pick<Reason, "code" | "sentence">[];
}

/** Asks one host, and keeps only the entry of the answer. */
export async function askHost(
  file: string,
  snapshot: Snapshot,
  { sources, machine }: Asked,
  options: AnswerOptions,
): Promise<HostEntry> {
  const { host: { name, kernel }, snapshot: number, takenAt } = snapshot;
  const said = sources.length === 1 && machine === null
    ? askOne(snapshot, sources[0], options)
    : await askTogether(snapshot, { sources, machine }, options);
  const reasons = said.reasons.map(({ code, sentence }) => ({ code, sentence }));
  return { file, host: { name, kernel }, snapshot: number, takenAt, ...said, reasons };
}

type Said = Pick<HostEntry, "verdict" | "best" | "unknowns"> & { reasons: readonly Reason[] };

function askOne(snapshot: Snapshot, source: Identity, options: AnswerOptions): Said {
  const never = reasonsNotToMigrate(source);
  if (never.length > 0) return refused(never);
  const judged = ask(snapshot, source, options);
  const [best] = judged.offers;
  if (best === undefined) {
    // The closest refusal comes first. If the host has nothing of this type, a reason of the answer says so already.
    return refused(judged.reasons.length > 0 ? judged.reasons : judged.refusals[0]?.reasons ?? []);
  }
  const { verdict, availability: { now } } = best;
  return placed({ verdict, now, reasons: [] }, [{ source: source.id, offer: best }]);
}

async function askTogether(
  snapshot: Snapshot,
  { sources, machine }: Asked,
  options: AnswerOptions,
): Promise<Said> {
  // A plan can place a source on any of its offers.
  const all = { ...options, offers: Infinity, refusals: "none" } as const;
  const { together, answers } = await answerTogether(snapshot, sources, {
    optionsOf: () => all,
    machine,
  });
  const { verdict, plans: [best], blocking } = together;
  if (best === undefined) {
    return { ...refused(blocking.flatMap(({ reasons }) => reasons)), verdict };
  }
  const offers = best.placements.flatMap(({ source, offer: rank }) => {
    const offer = answers.find((answer) => answer.source.id === source)?.offers[rank - 1];
    return offer === undefined ? [] : [{ source, offer }];
  });
  return placed(best, offers);
}

function refused(reasons: readonly Reason[]): Said {
  return { verdict: "incompatible", best: null, unknowns: 0, reasons };
}

/** The short answer with this best plan, which gives each source an offer. */
function placed(
  { verdict, now, reasons }: Pick<Plan, "verdict" | "now" | "reasons">,
  offers: readonly { source: string; offer: Offer }[],
): Said {
  const placements = offers.map(({ source, offer }) => {
    const { configuration, evidence, availability } = offer;
    return { source, configuration, evidence, availability };
  });
  const open = offers.flatMap(({ offer }) => openReasons(offer));
  return {
    verdict,
    best: { now, placements },
    unknowns: offers.reduce((sum, { offer: { order } }) => sum + Number(order.unknowns ?? 0), 0),
    reasons: verdict === "compatible" ? [] : [...reasons, ...open],
  };
}

/** Why the verdict of an offer is not compatible. */
function openReasons({ verdict, reasons }: Offer): Reason[] {
  return verdict === "compatible" ? [] : reasons.filter(({ code }) => code !== "SameType");
}

/**
 * Compares hosts, best first, in the order of offers: verdict; evidence (the weakest one of several sources); number
 * of open questions; availability now; name. With `available`, availability comes right after the verdict.
 */
export function compareHosts(
  order: AnswerOptions["order"],
): (a: HostEntry, b: HostEntry) => number {
  const now = ({ best }: HostEntry) => best?.now ? 0 : 1;
  const evidence = ({ best }: HostEntry) =>
    Math.max(
      0,
      ...(best?.placements ?? []).map(({ evidence }) =>
        evidence === null ? EVIDENCE.length : EVIDENCE.indexOf(evidence)
      ),
    );
  const verdict = ({ verdict }: HostEntry) => RANKS.indexOf(verdict);
  const unknowns = ({ unknowns }: HostEntry) => unknowns;
  const keys = order === "available"
    ? [verdict, now, evidence, unknowns]
    : [verdict, evidence, unknowns, now];
  return (a, b) => {
    for (const key of keys) {
      const difference = key(a) - key(b);
      if (difference !== 0) return difference;
    }
    return compareText(a.host.name, b.host.name) || compareText(a.file, b.file);
  };
}

const RANKS: readonly Verdict[] = ["compatible", "unknown", "incompatible"];
