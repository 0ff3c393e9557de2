import type { AnswerOptions } from "../answers/mod.ts";
import { ask, reasonsNotToMigrate, sharingOf } from "../judge/ask/mod.ts";
import {
  type Availability,
  compareText,
  type Configuration,
  EVIDENCE,
  type Evidence,
  type Identity,
  type Offer,
  type Reason,
  type Snapshot,
  type Verdict,
} from "../documents/mod.ts";
import type { Sources } from "./tell_answer.ts";

/** Where a source would be placed on a host. */
export interface HostPlacement {
  source: string;
  configuration: Configuration;
  evidence: Evidence | null;
  availability: Availability;
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

/** The question to ask each host. */
export interface AskHosts {
  sources: Sources;
  options: AnswerOptions;
}

/** Asks one host, and keeps only the entry of the answer. */
export async function askHost(
  file: string,
  snapshot: Snapshot,
  wanted: AskHosts,
): Promise<HostEntry> {
  const { host: { name, kernel }, snapshot: number, takenAt } = snapshot;
  const said = wanted.sources.length === 1
    ? askOne(snapshot, wanted.sources[0], wanted.options)
    : await askTogether(snapshot, wanted);
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
  return {
    verdict: best.verdict,
    best: { now: best.availability.now, placements: [placementOf(source.id, best)] },
    unknowns: unknownsOf(best),
    reasons: openReasons(best),
  };
}

async function askTogether(snapshot: Snapshot, { sources, options }: AskHosts): Promise<Said> {
  // Loaded on demand, because it would slow down every start.
  const { planTogether } = await import("../judge/joint/mod.ts");
  const all = sources.map((source) => ({ source, offers: ask(snapshot, source, options).offers }));
  const { verdict, plans: [best], blocking } = planTogether(all, snapshot, {
    sharing: sharingOf(snapshot),
    count: 1,
  });
  if (best === undefined) {
    return { ...refused(blocking.flatMap(({ reasons }) => reasons)), verdict };
  }
  const offers = best.placements.map(({ source, offer }) => ({
    source,
    offer: all.find((asked) => asked.source.id === source)?.offers[offer - 1],
  }));
  const placed = offers.flatMap(({ source, offer }) =>
    offer === undefined ? [] : [{ source, offer }]
  );
  return {
    verdict: best.verdict,
    best: {
      now: best.now,
      placements: placed.map(({ source, offer }) => placementOf(source, offer)),
    },
    unknowns: placed.reduce((sum, { offer }) => sum + unknownsOf(offer), 0),
    reasons: best.verdict === "compatible" ? [] : [
      ...best.reasons,
      ...placed.flatMap(({ offer }) => openReasons(offer)),
    ],
  };
}

/** Why the verdict of an offer is not compatible. */
function openReasons({ verdict, reasons }: Offer): Reason[] {
  return verdict === "compatible" ? [] : reasons.filter(({ code }) => code !== "SameType");
}

function refused(reasons: readonly Reason[]): Said {
  return { verdict: "incompatible", best: null, unknowns: 0, reasons };
}

function placementOf(source: string, offer: Offer): HostPlacement {
  const { configuration, evidence, availability } = offer;
  return { source, configuration, evidence, availability };
}

function unknownsOf({ order }: Offer): number {
  return typeof order.unknowns === "number" ? order.unknowns : 0;
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
