import { ask, type AskOptions, sharingOf } from "../compat/mod.ts";
import type { Together } from "../plan/mod.ts";
import { NOT_SEEN } from "../vmm/mod.ts";
import {
  type Answer,
  ANSWER_SCHEMA,
  type Identity,
  type Problem,
  type Snapshot,
} from "../identity/mod.ts";

/** What is wanted of an answer; `offline` where the host itself is not here to be asked. */
export interface AnswerOptions extends AskOptions {
  offline?: boolean;
}

/** The answer of a host, as a snapshot shows it, to one source. Pure. */
export function answer(
  snapshot: Snapshot,
  source: Identity,
  options: AnswerOptions = {},
): Answer {
  const { id, type, description } = source;
  const { reasons, offers, omitted, refusals } = ask(snapshot, source, options);
  return {
    schema: ANSWER_SCHEMA,
    snapshot: snapshot.snapshot,
    takenAt: snapshot.takenAt,
    host: snapshot.host,
    source: { id, type, description },
    reasons,
    preflight: preflightOf(options),
    omitted,
    notSeen: [...NOT_SEEN],
    offers,
    refusals,
    problems: snapshot.problems,
  };
}

/** The most sources that are asked together: as many as a plan is exact for in a moment. */
export const MAX_TOGETHER = 16;

/** The most plans that are told. */
export const MAX_PLANS = 10;

export const ANSWERS_SCHEMA = "vfio-ask/answers/v1";

/** The answer to all devices of a virtual machine: to each by itself, and whether they can land together. */
export interface Answers
  extends Pick<Answer, "snapshot" | "takenAt" | "host" | "preflight" | "notSeen"> {
  schema: typeof ANSWERS_SCHEMA;
  answers: Pick<Answer, "source" | "reasons" | "omitted" | "offers" | "refusals">[];
  together: Together;
  problems: Problem[];
}

/**
 * The answer of a host to several sources; `optionsOf` gives the tests that were made for each, and at most so many
 * `plans` are told. Pure.
 */
export async function answerTogether(
  snapshot: Snapshot,
  sources: readonly Identity[],
  { optionsOf = () => ({}), plans = 1 }: {
    optionsOf?: (source: Identity) => AnswerOptions;
    plans?: number;
  } = {},
): Promise<Answers> {
  // Only where it is wanted: every start would pay for it.
  const { planTogether } = await import("../plan/mod.ts");
  const all = sources.map((source) => answer(snapshot, source, optionsOf(source)));
  const { takenAt, host, problems } = snapshot;
  return {
    schema: ANSWERS_SCHEMA,
    snapshot: snapshot.snapshot,
    takenAt,
    host,
    preflight: all[0]?.preflight ?? "not-asked",
    notSeen: [...NOT_SEEN],
    answers: all.map(({ source, reasons, omitted, offers, refusals }) => ({
      source,
      reasons,
      omitted,
      offers,
      refusals,
    })),
    together: planTogether(
      sources.map((source, index) => ({ source, offers: all[index]!.offers })),
      snapshot,
      { sharing: sharingOf(snapshot), count: plans },
    ),
    problems,
  };
}

function preflightOf({ offline, tests }: AnswerOptions): Answer["preflight"] {
  if (offline) return "offline";
  return tests === undefined ? "not-asked" : "made";
}
