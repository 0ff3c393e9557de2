import { join } from "@std/path";
import {
  Failure,
  type Identity,
  InvalidDocument,
  type Problem,
  readIdentity,
  readVirtualMachine,
  type Snapshot,
  toProblem,
  type VirtualMachine,
  VM_SCHEMA,
} from "../documents/mod.ts";
import { makeSnapshotReader } from "../judge/rules/mod.ts";
import type { Terminal } from "./command.ts";
import { usage } from "./options.ts";
import { tellProblems } from "./words.ts";

/** The largest document that is read: enough for a snapshot of about 10,000 devices. */
const MAX_BYTES = 64 << 20;

const SNAPSHOT_REMEDY = "Create it on that host with vfio-ask snapshot.";

/**
 * Reads an identity from a file, or from standard input for `-`. Returns null if there is no such file, because the
 * subject may be a device. Throws a Failure that names the field if the document is not an identity.
 */
export async function readIdentityFile(subject: string): Promise<Identity | null> {
  return await readFileAs("identity", subject, (document) => readIdentity(document));
}

/**
 * Reads a document from a file, or from standard input for `-`; null if there is no such file. `name` is the kind of
 * document for people. Throws a Failure that names the field if the document is wrong.
 */
export async function readFileAs<T>(
  name: string,
  subject: string,
  read: (document: unknown) => T,
): Promise<T | null> {
  const text = await readText(subject);
  return text === null ? null : parse(name, text, subject, read);
}

/**
 * Reads an identity, or a virtual machine with its sources, by the `schema` of the document. Otherwise like
 * {@link readIdentityFile}.
 */
export async function readSourceFile(
  subject: string,
): Promise<{ identity: Identity } | { machine: VirtualMachine } | null> {
  const text = await readText(subject);
  return text === null ? null : parse("identity", text, subject, (document) => {
    const schema = (document as { schema?: unknown } | null)?.schema;
    return schema === VM_SCHEMA || String(schema).startsWith(VM_FAMILY)
      ? { machine: readVirtualMachine(document) }
      : { identity: readIdentity(document) };
  });
}

/** What a subject may be: see {@link readSourceFile}. */
export type SourceFile = Awaited<ReturnType<typeof readSourceFile>>;

/** The virtual machine among the subjects, which is then the only one; null if there is none. Throws a usage error. */
export function machineAmong(files: readonly SourceFile[]): VirtualMachine | null {
  for (const file of files) {
    if (file === null || !("machine" in file)) continue;
    if (files.length === 1) return file.machine;
    throw usage(
      `${file.machine.name}: a virtual machine and other sources`,
      "Name the virtual machine alone: its document has all its devices.",
    );
  }
  return null;
}

/** The schema of virtual machines without its version: a newer version is not another kind of document. */
const VM_FAMILY = VM_SCHEMA.replace(/\d+$/, "");

/**
 * Reads a snapshot from a file, or from standard input for `-`. Invalid rule files in it are ignored and reported.
 * Throws a Failure as for an identity.
 */
export async function readSnapshotFile(subject: string, terminal: Terminal): Promise<Snapshot> {
  const snapshot = await openSnapshots()(subject);
  tellProblems(terminal, rulesRefused(snapshot));
  return snapshot;
}

/** The problems with the rules of a snapshot. */
export function rulesRefused({ problems }: Snapshot): Problem[] {
  return problems.filter(({ code }) => code === "rules-refused");
}

/**
 * Makes a reader of snapshots that keeps none of them in memory. It keeps only the text of standard input, which can
 * be read only once. Throws a Failure as {@link readSnapshotFile} does, on repeated reads too.
 */
export function openSnapshots(): (subject: string) => Promise<Snapshot> {
  const read = makeSnapshotReader();
  let input: Promise<string | null> | undefined;
  return async (subject) => {
    const text = await (subject === "-" ? input ??= readText(subject) : readText(subject));
    if (text !== null) return parse("snapshot", text, subject, read);
    throw new Failure("bad-input", `Cannot read ${subject}`, { subject, remedy: SNAPSHOT_REMEDY });
  };
}

/** The sorted `.json` files of a directory, or the path itself if it is not a directory. */
export function listSnapshotFiles(path: string): string[] {
  let names: string[];
  try {
    names = Array.from(Deno.readDirSync(path), ({ name }) => name);
  } catch {
    // Not a directory. Reading it reports any error.
    return [path];
  }
  const files = names.filter((name) => name.endsWith(".json")).sort();
  if (files.length > 0) return files.map((name) => join(path, name));
  throw new Failure("bad-input", `Cannot find a snapshot in ${path}: no .json file`, {
    subject: path,
    remedy: SNAPSHOT_REMEDY,
  });
}

/** The problem with a file that cannot be read, with the invalid field if there is one. */
export function fileProblem(error: unknown, file: string): Problem {
  const cause = error instanceof Failure ? error.cause : undefined;
  const [first] = cause instanceof InvalidDocument ? cause.issues : [];
  const at = first === undefined ? {} : { pointer: first.pointer, value: first.value ?? null };
  return { ...toProblem(error, file), ...at };
}

/** The command that prints a kind of document, if its name is another one. */
const COMMANDS: Readonly<Record<string, string>> = {
  identity: "identity DEVICE",
  outcomes: "outcomes --export",
};

function parse<T>(
  name: string,
  text: string,
  subject: string,
  read: (document: unknown) => T,
): T {
  try {
    return read(JSON.parse(text));
  } catch (cause) {
    // A RangeError means a stack overflow: the document is nested too deeply.
    const isBad = [Failure, SyntaxError, RangeError].some((kind) => cause instanceof kind);
    if (!isBad) throw cause;
    const why = cause instanceof RangeError ? "it is nested too deeply" : (cause as Error).message;
    const remedy = cause instanceof Failure
      ? cause.remedy
      : `Create it with vfio-ask ${COMMANDS[name] ?? name}.`;
    throw new Failure("bad-input", `Cannot read the ${name} in ${subject}: ${why}`, {
      subject,
      remedy,
      cause,
    });
  }
}

async function readText(subject: string): Promise<string | null> {
  if (subject === "-") return await new Response(Deno.stdin.readable).text();
  try {
    const { size } = Deno.statSync(subject);
    if (size > MAX_BYTES) throw new RangeError(`it has ${size} bytes, more than ${MAX_BYTES}`);
    return Deno.readTextFileSync(subject);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound && !subject.endsWith(".json")) return null;
    const why = cause instanceof RangeError ? `: ${cause.message}` : "";
    throw new Failure("bad-input", `Cannot read ${subject}${why}`, {
      subject,
      remedy: "Check that the file exists and is readable.",
      cause,
    });
  }
}
