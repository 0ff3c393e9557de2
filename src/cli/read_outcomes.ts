import {
  Failure,
  type Identity,
  type Outcome,
  OUTCOME_SCHEMA,
  readIdentity,
  readOutcome,
  readOutcomes,
  readVirtualMachine,
  VM_SCHEMA,
} from "../documents/mod.ts";
import { readFileAs } from "./read_document.ts";

/** The sources of a document: one device, or all devices of a virtual machine. */
export interface ReportedSources {
  sources: readonly Identity[];
  /** The name of the machine; null for one device. */
  vm: string | null;
}

/**
 * Reads the source of a migration from a file, or from standard input for `-`: an identity, or a virtual machine with all
 * its devices. Throws a {@link Failure} that names the wrong field.
 */
export async function readSourcesFile(subject: string): Promise<ReportedSources> {
  return await readNamed("identity", subject, (document) => {
    if (schemaOf(document) !== VM_SCHEMA) return { sources: [readIdentity(document)], vm: null };
    const { name, sources } = readVirtualMachine(document);
    return { sources, vm: name };
  });
}

/** Reads an identity of a target. Throws a {@link Failure} as {@link readSourcesFile}. */
export async function readTargetFile(subject: string): Promise<Identity> {
  return await readNamed("identity", subject, (document) => readIdentity(document));
}

/** Reads exported outcomes, or one outcome. Throws a {@link Failure} that names the wrong field. */
export async function readOutcomesFile(subject: string): Promise<readonly Outcome[]> {
  return await readNamed(
    "outcomes",
    subject,
    (document) =>
      schemaOf(document) === OUTCOME_SCHEMA
        ? [readOutcome(document)]
        : readOutcomes(document).outcomes,
  );
}

async function readNamed<T>(
  name: string,
  subject: string,
  read: (document: unknown) => T,
): Promise<T> {
  const found = await readFileAs(name, subject, read);
  if (found !== null) return found;
  throw new Failure("bad-input", `Cannot read ${subject}`, {
    subject,
    remedy: "Check that the file exists and is readable.",
  });
}

function schemaOf(document: unknown): unknown {
  return (document as { schema?: unknown } | null)?.schema;
}
