import {
  ask,
  type AskOptions,
  groupRefusals,
  type Judgement,
  sharingOf,
} from "../judge/ask/mod.ts";
import type { Together } from "../judge/joint/mod.ts";
import type { SettledPlan } from "../moves/mod.ts";
import { NOT_SEEN } from "../judge/vmm/mod.ts";
import {
  type Answer,
  ANSWER_SCHEMA,
  ANSWERS_SCHEMA,
  type Identity,
  type Problem,
  type RefusalsMode,
  type Snapshot,
  type VirtualMachine,
} from "../documents/mod.ts";
import { devicesNotKnown, withDoubt } from "./machine.ts";
import { type AnswerParts, remembering } from "./remember_answer.ts";
import { settlePlans } from "./settle_plans.ts";

/** The options of an answer. `offline`: the snapshot is from another host or a file, so nothing can be tested. */
export interface AnswerOptions extends AskOptions {
  offline?: boolean;
  /** How refusals are listed; default `grouped`. */
  refusals?: RefusalsMode;
  /** How many of the best offers are listed; default all. */
  offers?: number;
  /** Problems of the tests. The answer lists them after those of the snapshot. */
  problems?: readonly Problem[];
}

/** How many offers an answer lists by default. Enough for any reader. */
export const MOST_OFFERS = 20;

/**
 * The answer of a snapshot to one source. Pure.
 *
 * ```ts
 * import { answer } from "./mod.ts";
 * import { parseSnapshot, readIdentity } from "../documents/mod.ts";
 *
 * const snapshot = parseSnapshot(JSON.parse(Deno.readTextFileSync("host.json")));
 * const source = readIdentity(JSON.parse(Deno.readTextFileSync("source.json")));
 * const { offers } = answer(snapshot, source);
 * for (const { rank, verdict, configuration } of offers) console.log(rank, verdict, configuration.type);
 * ```
 */
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

/** The problems of a snapshot and more. Returns the same array if there are no more. */
function withProblems({ problems }: Snapshot, more: readonly Problem[] = []): Problem[] {
  return more.length === 0 ? problems : [...problems, ...more];
}

/** Each problem once. Tests of several sources may have the same problem. */
function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** The refusals in the given mode. */
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

/** The answer to a source that cannot migrate to any host: the reasons, without offers and refusals. Pure. */
export function cannotMigrate(
  snapshot: Snapshot,
  source: Identity,
  { reasons, ...options }: AnswerOptions & Pick<Answer, "reasons">,
): Answer {
  const nothing = { omitted: 0, offered: 0, offers: [], refused: 0, refusals: [] };
  return toAnswer(snapshot, source, { reasons, ...nothing }, options);
}

/** The most sources that can be asked together. A plan for so many is exact and takes only a moment. */
export const MAX_TOGETHER = 16;

/** The most plans that an answer can list. */
export const MAX_PLANS = 10;

/** The answer to all devices of a virtual machine: to each of them, and whether they can migrate together. */
export interface Answers
  extends Pick<Answer, "snapshot" | "takenAt" | "host" | "preflight" | "notSeen"> {
  schema: typeof ANSWERS_SCHEMA;
  answers: Pick<
    Answer,
    "source" | "reasons" | "omitted" | "offered" | "offers" | "refused" | "refusals"
  >[];
  together: Omit<Together, "plans"> & { plans: SettledPlan[] };
  problems: Problem[];
}

/**
 * The answer of a snapshot to several sources. `optionsOf` gives the options and tests of each source. At most `plans`
 * plans are listed. With the document of their `machine`, a plan is certain only if all its devices are known. Pure.
 * Throws a `Failure` if the domain XML of the machine cannot be read.
 */
export async function answerTogether(
  snapshot: Snapshot,
  sources: readonly Identity[],
  { optionsOf = () => ({}), plans = 1, machine = null }: {
    optionsOf?: (source: Identity) => AnswerOptions;
    plans?: number;
    machine?: VirtualMachine | null;
  } = {},
): Promise<Answers> {
  // Loaded on demand, because a static import would slow down every start.
  const { planTogether } = await import("../judge/joint/mod.ts");
  const doubts = machine === null ? [] : await devicesNotKnown(machine);
  const judged = sources.map((source) => {
    const options = optionsOf(source);
    const judgement = ask(snapshot, source, options);
    const parts = partsOf(judgement, options);
    const { problems = [] } = options;
    return { source, judgement, problems, answer: toAnswer(snapshot, source, parts, options) };
  });
  const together = withDoubt(
    planTogether(
      judged.map(({ source, judgement }) => ({ source, offers: judgement.offers })),
      snapshot,
      { sharing: sharingOf(snapshot), count: plans },
    ),
    doubts,
  );
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
    together: {
      ...together,
      plans: await settlePlans(together.plans, { snapshot, sources, machine }),
    },
    problems: withProblems(snapshot, distinct(judged.flatMap(({ problems }) => problems))),
  };
}

function preflightOf({ offline, tests }: AnswerOptions): Answer["preflight"] {
  if (offline) return "offline";
  return tests === undefined ? "not-asked" : "made";
}
