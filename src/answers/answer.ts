import {
  ask,
  type AskOptions,
  groupRefusals,
  type Judgement,
  sharingOf,
} from "../judge/ask/mod.ts";
import type { Plan, Together } from "../judge/joint/mod.ts";
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
import { planId } from "./plan_id.ts";
import { type AnswerParts, remembering } from "./remember_answer.ts";

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

/** A plan with an id, which is the same in each answer to the same question. */
export type AnsweredPlan = Plan & { id: string };

/** The answer to all devices of a virtual machine: to each of them, and whether they can migrate together. */
export interface Answers
  extends Pick<Answer, "snapshot" | "takenAt" | "host" | "preflight" | "notSeen"> {
  schema: typeof ANSWERS_SCHEMA;
  answers: Pick<
    Answer,
    "source" | "reasons" | "omitted" | "offered" | "offers" | "refused" | "refusals"
  >[];
  /** The machine that the sources are the devices of, if it is known. */
  machine?: Pick<VirtualMachine, "name" | "uuid">;
  together: Omit<Together, "plans"> & { plans: AnsweredPlan[] };
  problems: Problem[];
}

/**
 * The answer of a snapshot to several sources. `optionsOf` gives the options and tests of each source. At most `plans`
 * plans are listed. If some devices of the `machine` are not known, no plan is compatible. Pure.
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
  const judged = sources.map((source) => {
    const options = optionsOf(source);
    const judgement = ask(snapshot, source, options);
    const parts = partsOf(judgement, options);
    const { problems = [] } = options;
    return { source, judgement, problems, answer: toAnswer(snapshot, source, parts, options) };
  });
  const { takenAt, host } = snapshot;
  const planned = planTogether(
    judged.map(({ source, judgement }) => ({ source, offers: judgement.offers })),
    snapshot,
    { sharing: sharingOf(snapshot), count: plans },
  );
  const together = machine === null ? planned : doubtUnknown(planned, machine);
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
    ...(machine === null ? {} : { machine: { name: machine.name, uuid: machine.uuid } }),
    together: {
      ...together,
      plans: await Promise.all(together.plans.map(async (plan) => ({
        ...plan,
        id: await planId(plan, { sources, machine, host: host.name }),
      }))),
    },
    problems: withProblems(
      snapshot,
      distinct([...judged.flatMap(({ problems }) => problems), ...machine?.problems ?? []]),
    ),
  };
}

/** No plan of a machine is compatible while some of its devices are not known. */
function doubtUnknown(together: Together, { name, problems }: VirtualMachine): Together {
  if (problems.length === 0) return together;
  const doubt = {
    code: "DevicesNotKnown",
    sentence: `not all devices of ${name} are known: ${
      problems.map(({ sentence }) => sentence).join("; ")
    }`,
    source: null,
    host: null,
  } as const;
  return {
    ...together,
    verdict: together.verdict === "compatible" ? "unknown" : together.verdict,
    plans: together.plans.map((plan) => ({
      ...plan,
      verdict: "unknown",
      reasons: [...plan.reasons, doubt],
    })),
  };
}

function preflightOf({ offline, tests }: AnswerOptions): Answer["preflight"] {
  if (offline) return "offline";
  return tests === undefined ? "not-asked" : "made";
}
