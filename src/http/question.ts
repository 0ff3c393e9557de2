import type { Context } from "hono";
import { answer, type AnswerOptions } from "../answers/mod.ts";
import type { Answer, Identity, Snapshot } from "../documents/mod.ts";
import type { Trial } from "../trials/mod.ts";
import type { AskWorld } from "./ask_world.ts";
import { HttpProblem } from "./problem.ts";
import { answerWanted, isWanted } from "./query.ts";

/**
 * A source and all that its answer is made from. Nothing in it changes, except that tests are made, once, when somebody
 * reads: so each reader gets the same answer.
 */
export interface Question {
  snapshot: Snapshot;
  source: Identity;
  options: AnswerOptions;
  /** The tests of `?preflight=1`; null without. */
  trial: Trial | null;
}

/** What a reader wants listed of an answer. */
export type Wanted = Pick<AnswerOptions, "offers" | "refusals">;

/** Reads the options of an answer from the query. Tests nothing yet. */
export async function openQuestion(
  { openTrial, subsystem }: AskWorld,
  c: Context,
  { snapshot, source }: Pick<Question, "snapshot" | "source">,
): Promise<Question> {
  const { order = "evidence", ...wanted } = answerWanted(c);
  const isTested = isWanted(c, "preflight", false);
  const trial = isTested ? await openTrial(snapshot, source, { order }) : null;
  return { snapshot, source, options: { ...wanted, order, subsystem }, trial };
}

/** Whether tests are still to come. */
export function isPending({ trial }: Question): boolean {
  return trial !== null && trial.pending.size > 0;
}

/** The options of an answer with the results of the tests so far. */
export function optionsOf({ options, trial }: Question): AnswerOptions {
  if (trial === null) return options;
  const { tests, pending, problems } = trial;
  return { ...options, tests, pending, problems };
}

/** The answer. While tests are pending, it has the first offers, see `pending` of `ask`. */
export function answerSoFar(question: Question, wanted: Wanted = {}): Answer {
  const { snapshot, source } = question;
  return answer(snapshot, source, { ...optionsOf(question), ...wanted });
}

/**
 * Makes the next test. Throws an {@link HttpProblem} when the server stops or the reader goes away. A test that has
 * begun goes on, for other readers and for the device's sake, but no further one is begun for a reader that is gone.
 */
export async function testNext(
  trial: Trial,
  { stopping, gone }: { stopping: AbortSignal; gone: AbortSignal },
): Promise<void> {
  const left = Promise.withResolvers<never>();
  left.promise.catch(() => {});
  const leave = () => left.reject(stopping.aborted ? serverStops() : readerGone());
  for (const signal of [stopping, gone]) {
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave);
  }
  try {
    const testing = stopping.aborted || gone.aborted ? left.promise : trial.next();
    testing.catch(() => {});
    await Promise.race([left.promise, testing]);
  } finally {
    for (const signal of [stopping, gone]) signal.removeEventListener("abort", leave);
  }
}

/** Makes all tests of a question. Throws as {@link testNext}, and as the tests do. */
export async function finishTests({ trial }: Question, stopping: AbortSignal, c: Context) {
  while (trial !== null && trial.pending.size > 0) {
    await testNext(trial, { stopping, gone: c.req.raw.signal });
  }
}

function serverStops(): HttpProblem {
  return new HttpProblem("stopping", "The server stops, and tests are not complete", {
    remedy: "Ask again when the server has started.",
    headers: { "retry-after": "5" },
  });
}

function readerGone(): HttpProblem {
  return new HttpProblem("client-gone", "The client closed the connection before the answer");
}
