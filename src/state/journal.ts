import { basename, join } from "@std/path";
import * as z from "zod/mini";
import { Failure, type Known, type Problem, readAs } from "../documents/mod.ts";
import { errnoOf } from "../host/mod.ts";

/**
 * What is left to be put right should this program be killed: a device that may have left RUNNING, or an mdev
 * that was made for a test.
 */
const Entry = z.looseObject({
  device: z.string(),
  what: z.enum(["preflight", "temporary-mdev"]),
  bootId: z.nullable(z.string()),
  /** Which binding of its driver the device had, see `readBinding`: made or bound anew, it is another. */
  bound: z.optional(z.nullable(z.string())),
  pid: z.number(),
  /** When it should be done, in milliseconds since 1970: who lives longer is stuck. */
  untilMs: z.number(),
});
export type JournalEntry = Known<z.infer<typeof Entry>>;

/** An entry that was written, to be struck when the device is as it was. */
export interface Journalled {
  /** Whether it was there before, left by another process. */
  wasLeft: boolean;
  /** Strikes it; where that fails, the entry stays, and a problem says so. */
  strike(): Problem[];
  /** Leaves it, so that the device is known to be in trouble. */
  keep(): void;
}

const directoryOf = (stateDirectory: string) => join(stateDirectory, "journal");

/**
 * Writes down that a device is about to leave RUNNING, or that an mdev is about to be made, and waits until that
 * is on the disk. The entry is locked for as long as this process lives, so that nobody takes it for left behind;
 * one that was left behind is taken over. Throws a {@link Failure} where somebody else has the device's entry, and
 * where it cannot be written: then nothing may be done to the device.
 */
export function journal(
  stateDirectory: string | null,
  entry: Omit<JournalEntry, "pid">,
): Journalled {
  if (stateDirectory === null) throw cannotWrite("nowhere", null);
  const directory = directoryOf(stateDirectory);
  const path = join(directory, `${entry.device}.json`);
  try {
    Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const file = openLocked(path);
    if (file === null) {
      throw new Failure("in-use", `${entry.device} is being tested by another vfio-ask`, {
        subject: entry.device,
        remedy: "Wait until that is done.",
      });
    }
    const wasLeft = file.statSync().size > 0;
    try {
      writeEntry(file, { ...entry, pid: Deno.pid });
      syncDirectory(directory);
    } catch (cause) {
      if (!wasLeft) removeIfThere(path);
      file.close();
      throw cause;
    }
    return {
      wasLeft,
      strike() {
        try {
          removeIfThere(path);
          return [];
        } catch (error) {
          return [notStruck(entry.device, path, error)];
        } finally {
          file.close();
        }
      },
      keep: () => file.close(),
    };
  } catch (cause) {
    throw cause instanceof Failure ? cause : cannotWrite(directory, cause);
  }
}

/** Writes an entry, and waits until it is on the disk. Throws where the disk takes no more than a part of it. */
function writeEntry(file: Deno.FsFile, entry: JournalEntry): void {
  // In one write over all of an entry that is taken over: at no moment is there none.
  const text = JSON.stringify(entry).padEnd(file.statSync().size);
  const bytes = new TextEncoder().encode(text);
  let written = 0;
  while (written < bytes.length) written += file.writeSync(bytes.subarray(written));
  file.syncSync();
}

/** How long an entry's lock is tried for: a reader has it for a moment only. */
const LOCK_MS = 200;

/** Opens an entry's file and locks it; null where a process at work has it locked. */
function openLocked(path: string): Deno.FsFile | null {
  for (let waitedMs = 0; waitedMs < LOCK_MS; waitedMs += 2) {
    const file = Deno.openSync(path, { create: true, read: true, write: true, mode: 0o600 });
    // Struck by another process before it was locked, the name is another file's, or nobody's.
    if (file.tryLockSync(true) && file.statSync().ino === inodeOf(path)) return file;
    file.close();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
  }
  return null;
}

function inodeOf(path: string): number | null {
  try {
    return Deno.statSync(path).ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** A journalled device, and whether the process that wrote it down still lives. */
export interface OpenEntry extends JournalEntry {
  alive: boolean;
}

/**
 * The entries of this boot; those of another are struck, since the devices were made anew. One that cannot be read is of
 * the device that it is named after. Throws a {@link Failure} where the journal cannot be listed: then nobody knows which
 * devices are in RUNNING. Effect: none on what somebody works with.
 */
export function readJournal(stateDirectory: string | null, bootId: string | null): OpenEntry[] {
  if (stateDirectory === null) return [];
  const directory = directoryOf(stateDirectory);
  return listNames(directory).flatMap((name) => readEntry(join(directory, name), bootId) ?? []);
}

/** Whether an entry is of the device that has its name now: not of one that was there before it was made or bound anew. */
export function isOfBinding({ bound }: JournalEntry, now: string | null): boolean {
  return bound == null || bound === now;
}

function readEntry(path: string, bootId: string | null): OpenEntry | null {
  const unread: OpenEntry = {
    device: basename(path, ".json"),
    what: "preflight",
    bootId,
    pid: 0,
    untilMs: 0,
    alive: false,
  };
  try {
    const file = Deno.openSync(path, { read: true });
    try {
      // A shared lock: readers do not take each other for whoever is at work.
      const alive = !file.tryLockSync(false);
      const { ino, size } = file.statSync();
      const bytes = new Uint8Array(size);
      const entry = parseEntry(
        new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0)),
        path,
      );
      // Struck while it was opened.
      if (ino !== inodeOf(path)) return null;
      const isOver = entry !== null && bootId !== null && entry.bootId !== bootId;
      // Empty: its writer was killed before it had touched the device. Nobody writes it meanwhile: it is locked.
      if (!alive && (size === 0 || isOver)) removeIfThere(path);
      if (size === 0 || (!alive && isOver)) return null;
      return { ...(entry ?? unread), alive };
    } finally {
      file.close();
    }
  } catch (error) {
    // Struck meanwhile, or not for us to read.
    return error instanceof Deno.errors.NotFound ? null : unread;
  }
}

function parseEntry(text: string, path: string): JournalEntry | null {
  try {
    const entry = readAs<JournalEntry>(Entry, JSON.parse(text)).data;
    if (entry === undefined) return null;
    return path.endsWith(`/${entry.device}.json`) ? entry : null;
  } catch {
    return null;
  }
}

function listNames(directory: string): string[] {
  try {
    return Array.from(Deno.readDirSync(directory), ({ name }) => name)
      .filter((name) => name.endsWith(".json")).sort();
  } catch (cause) {
    const isAbsent = cause instanceof Deno.errors.NotFound ||
      cause instanceof Deno.errors.NotADirectory;
    if (isAbsent) return [];
    throw new Failure(
      "not-permitted",
      `Cannot read the journal in ${directory}: kernel answered ${errnoOf(cause)}`,
      { subject: directory, remedy: REMEDY, cause },
    );
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

const REMEDY = "Run vfio-ask as root, or name a directory it may write with --state.";

function cannotWrite(directory: string, cause: unknown): Failure {
  const why = cause === null ? "" : `: kernel answered ${errnoOf(cause)}`;
  return new Failure("not-permitted", `Cannot write the journal in ${directory}${why}`, {
    subject: directory,
    remedy: REMEDY,
    cause,
  });
}

function notStruck(device: string, path: string, error: unknown): Problem {
  const why = `kernel answered ${errnoOf(error)}`;
  const sentence = `${device} is in RUNNING, but cannot be struck from the journal: ${why}`;
  return { code: "not-struck", subject: device, sentence, remedy: `Remove ${path}.` };
}
