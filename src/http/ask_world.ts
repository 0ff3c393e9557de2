import type { Context } from "hono";
import type { AnswerOptions } from "../answers/mod.ts";
import type { Identity, Problem, Snapshot } from "../documents/mod.ts";
import type { SubsystemMode, TestResults } from "../judge/ask/mod.ts";
import { answerWanted, isWanted } from "./query.ts";

/** What the routes that ask need. */
export interface AskWorld {
  /** The newest snapshot of the host. It contains the named device or parent if the host has it. */
  newest: (named?: string) => Promise<Snapshot>;
  /** Tests all candidates for the source. Reports the problems and returns them for the answer. */
  testAll: (
    snapshot: Snapshot,
    source: Identity,
  ) => Promise<{ tests: TestResults; problems: Problem[] }>;
  /** How to judge subsystem IDs that differ from the source's. */
  subsystem: SubsystemMode;
}

/** The options of an answer, from the query. With `?preflight=1`, all candidates are tested. */
export async function optionsFor(
  { testAll, subsystem }: AskWorld,
  c: Context,
  { snapshot, source }: { snapshot: Snapshot; source: Identity },
): Promise<AnswerOptions> {
  const options = { ...answerWanted(c), subsystem };
  if (!isWanted(c, "preflight", false)) return options;
  return { ...options, ...await testAll(snapshot, source) };
}
