import { type AskOptions, indexHost } from "../judge/ask/mod.ts";
import type { Answer, Identity, RefusalsMode, Snapshot } from "../documents/mod.ts";

/** The parts of an answer that do not depend on which device the source is and where, but on what it is. */
export type AnswerParts = Pick<
  Answer,
  "reasons" | "omitted" | "offered" | "offers" | "refused" | "refusals"
>;

/** How many answers are remembered of a host, how large what was asked may be, and how many entries each may have. */
const LIMITS = { answers: 64, keyChars: 64 << 10, entries: 100 };

interface Memory {
  snapshot: Snapshot;
  answers: Map<string, AnswerParts>;
}

const MEMORIES = new WeakMap<Snapshot["devices"], Memory>();

/**
 * Answers a source as an earlier one of the same content was answered while the host looked the same. Like devices of
 * like hosts differ in no more than the names of both, of which only the source itself is told. Nothing is remembered of
 * tests, nor of a source that is a device of the host itself.
 */
export function remembering(
  { snapshot, source, options }: {
    snapshot: Snapshot;
    source: Identity;
    options: AskOptions & { refusals?: RefusalsMode; offers?: number };
  },
  make: () => AnswerParts,
): AnswerParts {
  if (options.tests !== undefined || indexHost(snapshot).device(source.id) !== undefined) {
    return make();
  }
  const { id: _, description: __, initialData: ___, host, ...rest } = source;
  const content = { ...rest, host: { ...host, name: "", bootId: null } };
  const { omitUnknown, subsystem, order, refusals, offers } = options;
  const key = JSON.stringify([omitUnknown, subsystem, order, refusals, offers, content]);
  if (key.length > LIMITS.keyChars) return make();
  const { answers } = memoryOf(snapshot);
  const parts = answers.get(key) ?? make();
  answers.delete(key);
  if (parts.offers.length + parts.refusals.length > LIMITS.entries) return parts;
  answers.set(key, parts);
  if (answers.size > LIMITS.answers) answers.delete(answers.keys().next().value!);
  return parts;
}

/** What is remembered of a host: nothing, once a part of its snapshot is another. */
function memoryOf(snapshot: Snapshot): Memory {
  const known = MEMORIES.get(snapshot.devices);
  if (known !== undefined && isSameHost(known.snapshot, snapshot)) return known;
  const memory: Memory = { snapshot, answers: new Map() };
  MEMORIES.set(snapshot.devices, memory);
  return memory;
}

function isSameHost(a: Snapshot, b: Snapshot): boolean {
  return a.types === b.types && a.rules === b.rules && a.host === b.host;
}
