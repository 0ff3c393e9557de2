import {
  ask,
  type AskOptions,
  groupRefusals,
  type Judgement,
  sharingOf,
} from "../judge/ask/mod.ts";
import type { Together } from "../judge/joint/mod.ts";
import { NOT_SEEN } from "../judge/vmm/mod.ts";
import {
  type Answer,
  ANSWER_SCHEMA,
  ANSWERS_SCHEMA,
  type Identity,
  type Problem,
  type RefusalsMode,
  type Snapshot,
} from "../documents/mod.ts";
import { type AnswerParts, remembering } from "./remember_answer.ts";

/** What is wanted of an answer; `offline` where the host itself is not here to be asked. */
export interface AnswerOptions extends AskOptions {
  offline?: boolean;
  /** How refusals are told; grouped where it is left out. */
  refusals?: RefusalsMode;
  /** How many offers are told, the best; all where it is left out. */
  offers?: number;
  /** Problems met while the tests were made; the answer tells them besides those of the snapshot. */
  problems?: readonly Problem[];
}

/** How many offers an answer tells where nobody says how many are wanted: more than anybody reads. */
export const MOST_OFFERS = 20;

/** The answer of a host, as a snapshot shows it, to one source. Pure. */
export function answer(
  snapshot: Snapshot,
  source: Identity,
  options: AnswerOptions = {},
): Answer {
  const parts = remembering(
    { snapshot, source, options },
    () => partsOf(ask(snapshot, source, options), options),
  );
  return toAnswer(snapshot, source, parts, options);
}

function partsOf(judgement: Judgement, options: AnswerOptions): AnswerParts {
  const { reasons, offers, omitted, refused } = judgement;
  return {
    reasons,
    omitted,
    offered: offers.length,
    offers: offers.slice(0, options.offers),
    refused,
    refusals: refusalsOf(judgement, options.refusals),
  };
}

function toAnswer(
  snapshot: Snapshot,
  { id, type, description }: Identity,
  { reasons, omitted, offered, offers, refused, refusals }: AnswerParts,
  options: AnswerOptions,
): Answer {
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
    offered,
    offers,
    refused,
    refusals,
    problems: withProblems(snapshot, options.problems),
  };
}

/** The problems of a snapshot, and more; the same array where there are no more. */
function withProblems({ problems }: Snapshot, more: readonly Problem[] = []): Problem[] {
  return more.length === 0 ? problems : [...problems, ...more];
}

/** Each problem once: tests of several sources may meet the same. */
function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** Refusals as they are wanted; none are worked out where none are wanted. */
function refusalsOf(judgement: Judgement, mode: RefusalsMode = "grouped"): Answer["refusals"] {
  switch (mode) {
    case "none":
      return [];
    case "grouped":
      return groupRefusals(judgement.refusals);
    case "each":
      return judgement.refusals;
  }
}

/** The answer to a source that cannot migrate, wherever to: the reasons, and no host's word. Pure. */
export function cannotMigrate(
  snapshot: Snapshot,
  source: Identity,
  { reasons, ...options }: AnswerOptions & Pick<Answer, "reasons">,
): Answer {
  const nothing = { omitted: 0, offered: 0, offers: [], refused: 0, refusals: [] };
  return toAnswer(snapshot, source, { reasons, ...nothing }, options);
}

/** The most sources that are asked together: as many as a plan is exact for in a moment. */
export const MAX_TOGETHER = 16;

/** The most plans that are told. */
export const MAX_PLANS = 10;

/** The answer to all devices of a virtual machine: to each by itself, and whether they can land together. */
export interface Answers
  extends Pick<Answer, "snapshot" | "takenAt" | "host" | "preflight" | "notSeen"> {
  schema: typeof ANSWERS_SCHEMA;
  answers: Pick<
    Answer,
    "source" | "reasons" | "omitted" | "offered" | "offers" | "refused" | "refusals"
  >[];
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
  const { planTogether } = await import("../judge/joint/mod.ts");
  const judged = sources.map((source) => {
    const options = optionsOf(source);
    const judgement = ask(snapshot, source, options);
    const parts = partsOf(judgement, options);
    const { problems = [] } = options;
    return { source, judgement, problems, answer: toAnswer(snapshot, source, parts, options) };
  });
  const { takenAt, host } = snapshot;
  return {
    schema: ANSWERS_SCHEMA,
    snapshot: snapshot.snapshot,
    takenAt,
    host,
    preflight: judged[0]?.answer.preflight ?? "not-asked",
    notSeen: [...NOT_SEEN],
    answers: judged.map(({ answer }) => {
      const { source, reasons, omitted, offered, offers, refused, refusals } = answer;
      return { source, reasons, omitted, offered, offers, refused, refusals };
    }),
    together: planTogether(
      judged.map(({ source, judgement }) => ({ source, offers: judgement.offers })),
      snapshot,
      { sharing: sharingOf(snapshot), count: plans },
    ),
    problems: withProblems(snapshot, distinct(judged.flatMap(({ problems }) => problems))),
  };
}

function preflightOf({ offline, tests }: AnswerOptions): Answer["preflight"] {
  if (offline) return "offline";
  return tests === undefined ? "not-asked" : "made";
}
