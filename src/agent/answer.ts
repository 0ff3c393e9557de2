import { ask, type TestResults } from "../compat/mod.ts";
import { type Answer, ANSWER_SCHEMA, type Identity, type Snapshot } from "../identity/mod.ts";

/** The answer of a host, as a snapshot shows it, to one source; `tests` are of its candidates. Pure. */
export function answer(snapshot: Snapshot, source: Identity, tests?: TestResults): Answer {
  const { id, type, description } = source;
  return {
    schema: ANSWER_SCHEMA,
    snapshot: snapshot.snapshot,
    takenAt: snapshot.takenAt,
    host: snapshot.host,
    source: { id, type, description },
    ...ask(snapshot, source, tests),
    problems: snapshot.problems,
  };
}
