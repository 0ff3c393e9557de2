import type { AnswerOptions } from "../answers/mod.ts";
import { ask, reasonsNotToMigrate, sharingOf } from "../judge/ask/mod.ts";
import {
  type Availability,
  type Configuration,
  EVIDENCE,
  type Evidence,
  type Identity,
  type Offer,
  type Reason,
  type Snapshot,
  type Verdict,
} from "../documents/mod.ts";
import { compareText } from "../host/mod.ts";
import type { Sources } from "./tell_answer.ts";

/** Where a source would go on a host. */
export interface HostPlacement {
  source: string;
  configuration: Configuration;
  evidence: Evidence | null;
  availability: Availability;
}

/** What one of many hosts says, in short. */
export interface HostEntry {
  file: string;
  host: { name: string; kernel: string };
  snapshot: number;
  takenAt: string;
  verdict: Verdict;
  /** Where the sources would go at best, null where they cannot. */
  best: { now: boolean; placements: HostPlacement[] } | null;
  /** How many questions are open for the best, by their weight. */
  unknowns: number;
  /** Why it is not compatible; empty where it is. */
  reasons: Pick<Reason, "code" | "sentence">[];
}

/** How hosts are asked. */
export interface AskHosts {
  sources: Sources;
  options: AnswerOptions;
}

/** Asks one host, and keeps no more of the answer than its entry. */
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
    // The nearest refusal comes first. Where the host has nothing of the type, that is said already.
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
  // Only where it is wanted: every start would pay for it.
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

/** Why an offer is not known to be compatible. */
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
 * The order of hosts, best first, as that of offers is: the verdict; the stronger evidence (of several sources the weakest
 * of theirs); the fewer open questions; available now; then the name. With `available`, that comes right after the verdict.
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
