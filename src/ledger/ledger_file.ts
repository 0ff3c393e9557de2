import { dirname, join } from "@std/path";
import { Failure, MAX_OUTCOMES, Outcome, type Problem, readAs } from "../documents/mod.ts";
import { errnoOf } from "../host/mod.ts";

/** Limits of the ledger. */
export const LEDGER_LIMITS = {
  entries: MAX_OUTCOMES,
  bytes: 4 << 20,
  /** The longest entry. Facts of a device are far shorter. */
  entryBytes: 64 << 10,
};
export type LedgerLimits = typeof LEDGER_LIMITS;

/** When the ledger is full, the oldest entries are removed until it is this full. */
const REST = 3 / 4;

/** How long to try to lock the ledger. Others lock it only while they write. */
const LOCK_MS = 5_000;

/** What the ledger holds. */
export interface Ledger {
  /** Oldest first. */
  outcomes: readonly Outcome[];
  problems: readonly Problem[];
}

const NO_LEDGER: Ledger = { outcomes: [], problems: [] };

/** The file of the ledger: one outcome in each line. */
export const ledgerPath = (stateDirectory: string) => join(stateDirectory, "outcomes.ndjson");

/** What was read last, with what changes when the file does. */
const KNOWN = new Map<string, { stamp: string; ledger: Ledger }>();

/**
 * Reads the ledger. Without a state directory, or before the first outcome, it is empty. Lines that cannot be read are
 * skipped, and one problem reports them. Of a file that is too large, only the end is read. Never throws: if the file
 * cannot be read, that is a problem. Effect: none. It is read again only when it has changed.
 */
export function readLedger(stateDirectory: string | null): Ledger {
  if (stateDirectory === null) return NO_LEDGER;
  const path = ledgerPath(stateDirectory);
  try {
    const { isFile, ino, size, mtime } = Deno.lstatSync(path);
    if (!isFile) return { outcomes: [], problems: [notRead(path, "it is not a regular file")] };
    const stamp = `${ino} ${size} ${mtime?.getTime()}`;
    const known = KNOWN.get(path);
    if (known?.stamp === stamp) return known.ledger;
    const ledger = parseLedger(readEnd(path), path);
    KNOWN.set(path, { stamp, ledger });
    return ledger;
  } catch (error) {
    const isAbsent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (isAbsent) return NO_LEDGER;
    return { outcomes: [], problems: [notRead(path, `kernel answered ${errnoOf(error)}`)] };
  }
}

/**
 * Appends outcomes, all or none, and waits until they are on disk. A line that a killed process left unfinished stays
 * a line of its own. When the ledger is full, its oldest entries are removed; until that is done, readers see the old
 * file. Throws a {@link Failure} if it cannot be written. Effect: writes to the state directory.
 */
export async function appendOutcomes(
  stateDirectory: string | null,
  outcomes: readonly Outcome[],
  limits: LedgerLimits = LEDGER_LIMITS,
): Promise<void> {
  if (outcomes.length === 0) return;
  if (stateDirectory === null) throw notWritten("nowhere", "there is no state directory");
  const lines = outcomes.map((outcome) => toLine(outcome, limits));
  const path = ledgerPath(stateDirectory);
  let file: Deno.FsFile | null = null;
  try {
    Deno.mkdirSync(stateDirectory, { recursive: true, mode: 0o750 });
    file = await openLocked(path);
    const before = splitLines(readEnd(path));
    const added = encoder.encode(lines.join(""));
    const isFull = file.statSync().size + added.length > limits.bytes ||
      before.length + lines.length > limits.entries;
    if (isFull) {
      replaceFile(path, newest([...before.map((line) => `${line}\n`), ...lines], limits));
    } else {
      const isCutOff = !endsLine(file);
      writeAll(file, isCutOff ? encoder.encode(`\n${lines.join("")}`) : added);
      file.syncSync();
    }
    syncDirectory(dirname(path));
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw notWritten(path, `kernel answered ${errnoOf(cause)}`, cause);
  } finally {
    file?.close();
  }
}

const encoder = new TextEncoder();

/** One outcome as a line. Throws a {@link Failure} if it is too long. */
function toLine(outcome: Outcome, { entryBytes }: LedgerLimits): string {
  const line = `${JSON.stringify(outcome)}\n`;
  const bytes = encoder.encode(line).length;
  if (bytes <= entryBytes) return line;
  throw new Failure("bad-input", `The outcome has ${bytes} bytes, more than ${entryBytes}`, {
    subject: "/source/facts",
    remedy: "Record the identities as vfio-ask identity printed them.",
  });
}

/** The newest lines that leave room for others. The last one is always kept. */
function newest(lines: readonly string[], { entries, bytes }: LedgerLimits): string[] {
  const kept: string[] = [];
  let size = 0;
  for (const line of lines.toReversed()) {
    size += encoder.encode(line).length;
    const isFull = kept.length >= entries * REST || size > bytes * REST;
    if (isFull && kept.length > 0) break;
    kept.push(line);
  }
  return kept.reverse();
}

/** The end of a file, no more than the ledger may have. The first line may be cut off. Null if there is no file. */
function readEnd(path: string): { text: string; isWhole: boolean } {
  const file = Deno.openSync(path, { read: true });
  try {
    const { size } = file.statSync();
    const from = Math.max(0, size - LEDGER_LIMITS.bytes);
    if (from > 0) file.seekSync(from, Deno.SeekMode.Start);
    const bytes = new Uint8Array(size - from);
    let read = 0;
    while (read < bytes.length) {
      const more = file.readSync(bytes.subarray(read));
      if (more === null) break;
      read += more;
    }
    const text = new TextDecoder().decode(bytes.subarray(0, read));
    return { text, isWhole: from === 0 };
  } finally {
    file.close();
  }
}

/** The lines of a file that are not empty. Of a file that is too large, the first one is left out. */
function splitLines({ text, isWhole }: { text: string; isWhole: boolean }): string[] {
  return text.split("\n").slice(isWhole ? 0 : 1).filter((line) => line !== "");
}

function parseLedger(end: { text: string; isWhole: boolean }, path: string): Ledger {
  const outcomes: Outcome[] = [];
  const skipped: string[] = [];
  for (const line of splitLines(end)) {
    const outcome = parseLine(line);
    if (outcome === null) skipped.push(line);
    else outcomes.push(outcome);
  }
  const [first] = skipped;
  const number = end.isWhole ? end.text.split("\n").findIndex((line) => line === first) + 1 : null;
  const problems = skipped.length === 0 ? [] : [damaged(path, skipped.length, number)];
  return { outcomes: outcomes.slice(-LEDGER_LIMITS.entries), problems };
}

function parseLine(line: string): Outcome | null {
  if (line.length > LEDGER_LIMITS.entryBytes) return null;
  try {
    return readAs<Outcome>(Outcome, JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** Opens the ledger for appending, and locks it. Throws a {@link Failure} if somebody else keeps the lock. */
async function openLocked(path: string): Promise<Deno.FsFile> {
  for (let waitedMs = 0; waitedMs < LOCK_MS; waitedMs += 10) {
    const info = statOrNull(path);
    if (info !== null && !info.isFile) throw notWritten(path, "it is not a regular file");
    const file = Deno.openSync(path, { create: true, read: true, append: true, mode: 0o640 });
    // The server of the service reads it as a member of its group, whatever the umask of a command is.
    if (info === null) Deno.chmodSync(path, 0o640);
    // If another process replaced the file before we locked it, the path is now another file.
    if (file.tryLockSync(true) && file.statSync().ino === statOrNull(path)?.ino) return file;
    file.close();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Failure("in-use", `Cannot write ${path}: another vfio-ask keeps it locked`, {
    subject: path,
    remedy: "Try again later.",
  });
}

function statOrNull(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Whether a file is empty or ends with a complete line. */
function endsLine(file: Deno.FsFile): boolean {
  const { size } = file.statSync();
  if (size === 0) return true;
  file.seekSync(size - 1, Deno.SeekMode.Start);
  const last = new Uint8Array(1);
  return file.readSync(last) === 1 && last[0] === 0x0a;
}

/** Writes bytes. If that fails in the middle, the file gets its old length again. */
function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  const { size } = file.statSync();
  try {
    let written = 0;
    while (written < bytes.length) written += file.writeSync(bytes.subarray(written));
  } catch (error) {
    file.truncateSync(size);
    throw error;
  }
}

/** Replaces a file by these lines: a reader sees the old one or the new one. */
function replaceFile(path: string, lines: readonly string[]): void {
  const temporary = `${path}.${Deno.pid}`;
  try {
    const file = Deno.openSync(temporary, {
      create: true,
      write: true,
      truncate: true,
      mode: 0o640,
    });
    try {
      Deno.chmodSync(temporary, 0o640);
      writeAll(file, encoder.encode(lines.join("")));
      file.syncSync();
    } finally {
      file.close();
    }
    Deno.renameSync(temporary, path);
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch {
      // It was not created.
    }
    throw error;
  }
}

function syncDirectory(directory: string): void {
  const file = Deno.openSync(directory);
  try {
    file.syncSync();
  } finally {
    file.close();
  }
}

function damaged(path: string, lines: number, number: number | null): Problem {
  const what = lines === 1 ? "1 line that is no outcome" : `${lines} lines that are no outcomes`;
  const where = number === null ? "" : `, ${lines === 1 ? "" : "the first is "}line ${number}`;
  const sentence = `Skipped ${what} in ${path}${where}`;
  return {
    code: "ledger-damaged",
    subject: path,
    sentence,
    remedy: `Remove ${lines === 1 ? "it" : "them"}. All other lines count.`,
  };
}

function notRead(path: string, why: string): Problem {
  return {
    code: "not-permitted",
    subject: path,
    sentence: `Cannot read the outcomes in ${path}: ${why}`,
    remedy: "Run vfio-ask as root, or name another directory with --state.",
  };
}

function notWritten(path: string, why: string, cause?: unknown): Failure {
  return new Failure("not-permitted", `Cannot write the outcome to ${path}: ${why}`, {
    subject: path,
    remedy: "Run vfio-ask as root, or name a directory it may write with --state.",
    cause,
  });
}
