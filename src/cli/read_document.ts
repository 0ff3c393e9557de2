import { join } from "@std/path";
import {
  Failure,
  type Identity,
  InvalidDocument,
  type Problem,
  readIdentity,
  type Snapshot,
  toProblem,
} from "../documents/mod.ts";
import { makeSnapshotReader } from "../judge/rules/mod.ts";
import type { Terminal } from "./command.ts";
import { tellProblems } from "./words.ts";

/** The largest document that is read: a snapshot of some 10,000 devices. */
const MAX_BYTES = 64 << 20;

const SNAPSHOT_REMEDY = "Write it with vfio-ask snapshot on the host that it is of.";

/**
 * An identity from a file, or from standard input by `-`; null where there is no such file, so that the subject
 * may be a device. Throws a Failure that names the field where it is no identity.
 */
export async function readIdentityFile(subject: string): Promise<Identity | null> {
  const text = await readText(subject);
  return text === null ? null : parse("identity", text, subject, readIdentity);
}

/**
 * A snapshot from a file, or from standard input by `-`. Files of rules in it that cannot be used are left out, and told
 * as problems are. Throws a Failure as for an identity.
 */
export async function readSnapshotFile(subject: string, terminal: Terminal): Promise<Snapshot> {
  const snapshot = await openSnapshots()(subject);
  tellProblems(terminal, rulesRefused(snapshot));
  return snapshot;
}

/** What is wrong with the rules of a snapshot. */
export function rulesRefused({ problems }: Snapshot): Problem[] {
  return problems.filter(({ code }) => code === "rules-refused");
}

/**
 * Reads snapshots from files, one after another, and keeps none of them; standard input, which can be read but once, is kept
 * as its text. Throws a Failure as {@link readSnapshotFile}, also the second time.
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

/** The files that a name stands for: those of a directory that end in `.json`, in their order; else itself. */
export function listSnapshotFiles(path: string): string[] {
  let names: string[];
  try {
    names = Array.from(Deno.readDirSync(path), ({ name }) => name);
  } catch {
    // No directory: reading it will say what it is.
    return [path];
  }
  const files = names.filter((name) => name.endsWith(".json")).sort();
  if (files.length > 0) return files.map((name) => join(path, name));
  throw new Failure("bad-input", `Cannot find a snapshot in ${path}: no file there ends in .json`, {
    subject: path,
    remedy: SNAPSHOT_REMEDY,
  });
}

/** What became of a file that cannot be read, with the field where it is one, for programs. */
export function fileProblem(error: unknown, file: string): Problem {
  const cause = error instanceof Failure ? error.cause : undefined;
  const [first] = cause instanceof InvalidDocument ? cause.issues : [];
  const at = first === undefined ? {} : { pointer: first.pointer, value: first.value ?? null };
  return { ...toProblem(error, file), ...at };
}

function parse<T>(
  name: string,
  text: string,
  subject: string,
  read: (document: unknown) => T,
): T {
  try {
    return read(JSON.parse(text));
  } catch (cause) {
    // A RangeError is the stack's: it is nested too deep.
    const isBad = [Failure, SyntaxError, RangeError].some((kind) => cause instanceof kind);
    if (!isBad) throw cause;
    const why = cause instanceof RangeError ? "it is nested too deep" : (cause as Error).message;
    const remedy = cause instanceof Failure
      ? cause.remedy
      : `Write it with vfio-ask ${name === "identity" ? "identity DEVICE" : name}.`;
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
      remedy: "Check that the file is there and can be read.",
      cause,
    });
  }
}
