import { listCandidates, listSupported } from "../judge/ask/mod.ts";
import {
  CONFIGURATIONS_SCHEMA,
  type Device,
  DEVICE_SCHEMA,
  DEVICES_SCHEMA,
  type Identity,
  type Problem,
  RULES_FILES_SCHEMA,
  type Snapshot,
  SUPPORTED_SCHEMA,
  TEST_SCHEMA,
  TYPES_SCHEMA,
} from "../documents/mod.ts";
import type { RulesFileState } from "../config/mod.ts";
import type { TestAnswer } from "../trials/mod.ts";

/** The snapshot that a document is made from, and its host. */
export type Heading = Pick<Snapshot, "snapshot" | "takenAt" | "host">;

/** The heading of documents from a snapshot. */
export function headingOf({ snapshot, takenAt, host }: Snapshot): Heading {
  return { snapshot, takenAt, host };
}

/** The lists of a host: name, schema of the document, entries. */
const LISTS = {
  devices: { schema: DEVICES_SCHEMA, entriesOf: ({ devices }: Snapshot) => devices },
  types: { schema: TYPES_SCHEMA, entriesOf: ({ types }: Snapshot) => types },
  configurations: {
    schema: CONFIGURATIONS_SCHEMA,
    entriesOf: (snapshot: Snapshot) =>
      listCandidates(snapshot).map(({ host: _, ...configuration }) => configuration),
  },
  supported: { schema: SUPPORTED_SCHEMA, entriesOf: listSupported },
} as const;
export type ListName = keyof typeof LISTS;

/** A list of a snapshot, with its problems. */
export function listDocument(
  snapshot: Snapshot,
  name: ListName,
): Heading & { schema: string; problems: Problem[] } {
  const { schema, entriesOf } = LISTS[name];
  const { problems } = snapshot;
  return { schema, ...headingOf(snapshot), [name]: entriesOf(snapshot), problems };
}

/** One device, and its snapshot. */
export function deviceDocument(
  { snapshot, takenAt }: Snapshot,
  device: Device,
): Device & Omit<Heading, "host"> & { schema: string } {
  return { schema: DEVICE_SCHEMA, snapshot, takenAt, ...device };
}

/** The answer for one source and one target. */
export function testDocument(
  snapshot: Snapshot,
  source: Identity,
  tested: TestAnswer,
): TestAnswer & Heading & { schema: string; source: string } {
  return { schema: TEST_SCHEMA, ...headingOf(snapshot), source: source.id, ...tested };
}

/** The states of the rules files. */
export function rulesDocument(
  files: readonly RulesFileState[],
): { schema: string; files: readonly RulesFileState[] } {
  return { schema: RULES_FILES_SCHEMA, files };
}
