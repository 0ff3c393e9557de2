import { join } from "@std/path";
import {
  checkSchema,
  Failure,
  Identity,
  IDENTITY_SCHEMA,
  readSnapshot,
  type Snapshot,
  SNAPSHOT_SCHEMA,
} from "../identity/mod.ts";

import { readSnapshotRules } from "../rules/mod.ts";
import type { Terminal } from "./command.ts";
import { tellProblems } from "./words.ts";

/** A kind of document: what it is called, where it comes from, and how it is read. */
interface DocumentKind<T> {
  name: string;
  remedy: string;
  schema: string;
  read: (document: unknown) => Read<T>;
}

type Read<T> =
  | { success: true; data: T }
  | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } };

const IDENTITY: DocumentKind<Identity> = {
  name: "identity",
  remedy: "Write it with vfio-ask identity DEVICE on the source's host.",
  schema: IDENTITY_SCHEMA,
  read: (document) => Identity.safeParse(document) as Read<Identity>,
};

const SNAPSHOT: DocumentKind<Snapshot> = {
  name: "snapshot",
  remedy: "Write it with vfio-ask snapshot on the host that it is of.",
  schema: SNAPSHOT_SCHEMA,
  read: (document) => readSnapshot(withUsableRules(document)),
};

/** A snapshot with the files of rules that can be used, and the others among its problems. */
function withUsableRules(document: unknown): unknown {
  const { rules, problems } = document as Record<string, unknown>;
  if (!Array.isArray(rules) || !Array.isArray(problems)) return document;
  const read = readSnapshotRules(rules);
  return { ...document as object, rules: read.rules, problems: [...problems, ...read.problems] };
}

/**
 * An identity from a file, or from standard input by `-`; null where there is no such file, so that the subject
 * may be a device. Throws a Failure that names the field where it is no identity.
 */
export async function readIdentityFile(subject: string): Promise<Identity | null> {
  const text = await readText(subject);
  return text === null ? null : readDocument(IDENTITY, text, subject);
}

/**
 * A snapshot from a file, or from standard input by `-`. Files of rules in it that cannot be used are left out, and told
 * as problems are. Throws a Failure as for an identity.
 */
export async function readSnapshotFile(subject: string, terminal: Terminal): Promise<Snapshot> {
  const text = await readText(subject);
  if (text !== null) {
    const snapshot = readDocument(SNAPSHOT, text, subject);
    tellProblems(terminal, snapshot.problems.filter(({ code }) => code === "rules-refused"));
    return snapshot;
  }
  throw new Failure("bad-input", `Cannot read ${subject}`, { subject, remedy: SNAPSHOT.remedy });
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
    remedy: SNAPSHOT.remedy,
  });
}

function readDocument<T>(
  { name, remedy, schema, read }: DocumentKind<T>,
  text: string,
  subject: string,
): T {
  const refuse = (why: string, what: string | null = remedy) =>
    new Failure("bad-input", `Cannot read the ${name} in ${subject}: ${why}`, {
      subject,
      remedy: what,
    });
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw refuse((cause as Error).message);
  }
  try {
    document = checkSchema(document, schema);
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    throw refuse(cause.message, cause.remedy);
  }
  const result = read(document);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw refuse(`${issue!.path.join(".")}: ${issue!.message}`);
}

async function readText(subject: string): Promise<string | null> {
  if (subject === "-") return await new Response(Deno.stdin.readable).text();
  try {
    return await Deno.readTextFile(subject);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound && !subject.endsWith(".json")) return null;
    throw new Failure("bad-input", `Cannot read ${subject}`, {
      subject,
      remedy: "Check that the file is there and can be read.",
      cause,
    });
  }
}
