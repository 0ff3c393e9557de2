import { type AskOptions, indexHost } from "../judge/ask/mod.ts";
import type { Answer, Identity, RefusalsMode, Snapshot } from "../documents/mod.ts";

/** The parts of an answer that depend on the properties of the source, but not on its name or the name of its host. */
export type AnswerParts = Pick<
  Answer,
  "reasons" | "omitted" | "offered" | "offers" | "refused" | "refusals"
>;

/** The limits of the cache: answers per host, characters of a key, offers and refusals in an answer. */
const LIMITS = { answers: 64, keyChars: 64 << 10, entries: 100 };

interface Memory {
  snapshot: Snapshot;
  answers: Map<string, AnswerParts>;
}

const MEMORIES = new WeakMap<Snapshot["devices"], Memory>();

/**
 * Returns the cached answer of an earlier source with the same properties, if the snapshot is still the same;
 * otherwise makes one. Equal devices on equal hosts differ only in their names, and the cached parts do not contain
 * those. Answers with tests are not cached, and neither are answers to a device of the host itself.
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

/** The cache of a snapshot. It is emptied when a part of the snapshot has changed. */
function memoryOf(snapshot: Snapshot): Memory {
  const known = MEMORIES.get(snapshot.devices);
  if (known !== undefined && isSameHost(known.snapshot, snapshot)) return known;
  const memory: Memory = { snapshot, answers: new Map() };
  MEMORIES.set(snapshot.devices, memory);
  return memory;
}

function isSameHost(a: Snapshot, b: Snapshot): boolean {
  return a.types === b.types && a.rules === b.rules && a.host === b.host &&
    a.outcomes === b.outcomes;
}
