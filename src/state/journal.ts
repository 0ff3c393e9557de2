import { basename, join } from "@std/path";
import * as z from "zod/mini";
import { Failure, type Known, type Problem, readAs } from "../documents/mod.ts";
import { errnoOf } from "../host/mod.ts";

/** An mdev that is removed and created again: what it is created of, and the attributes to write to it. */
const Remake = z.looseObject({
  type: z.string(),
  parent: z.string(),
  attributes: z.array(z.looseObject({ name: z.string(), value: z.string() })),
});
export type Remake = Known<z.infer<typeof Remake>>;

/**
 * What must be recovered if this program is killed: a device that may have left RUNNING, a temporary mdev that was
 * created for a test, or an mdev that is created again.
 */
const Entry = z.looseObject({
  device: z.string(),
  what: z.enum(["preflight", "temporary-mdev", "remake"]),
  /** Only for an mdev that is created again. */
  remake: z.optional(Remake),
  bootId: z.nullable(z.string()),
  /** The binding of the device, see `readBinding`. It changes when the device is created or bound again. */
  bound: z.optional(z.nullable(z.string())),
  pid: z.number(),
  /** When the work should be done, in milliseconds since 1970. A process that is still alive then is stuck. */
  untilMs: z.number(),
});
export type JournalEntry = Known<z.infer<typeof Entry>>;

/** A written entry. Strike it when the device is back in its earlier state. */
export interface Journalled {
  /** Whether another process had left this entry. */
  wasLeft: boolean;
  /** Removes the entry from the journal. If that fails, the entry stays, and a problem is returned. */
  strike(): Problem[];
  /** Keeps the entry, so that the device is shown to be in trouble. */
  keep(): void;
}

/** The directory of the journal. It exists once there was an entry. */
export const journalDirectory = (stateDirectory: string) => join(stateDirectory, "journal");

/**
 * Writes an entry for a device that is about to leave RUNNING, or for an mdev that is about to be created, and waits
 * until it is on disk. The entry stays locked while this process lives, so that no other process recovers it. An
 * entry that another process left behind is taken over. Throws a {@link Failure} if another process has locked the
 * entry, or if it cannot be written: then nothing may be done to the device. Effect: writes to the state directory.
 */
export function journal(
  stateDirectory: string | null,
  entry: Omit<JournalEntry, "pid">,
): Journalled {
  if (stateDirectory === null) throw cannotWrite("nowhere", null);
  const directory = journalDirectory(stateDirectory);
  const path = join(directory, `${entry.device}.json`);
  try {
    Deno.mkdirSync(directory, { recursive: true, mode: 0o750 });
    const file = openLocked(path);
    if (file === null) {
      throw new Failure("in-use", `${entry.device} is being tested by another vfio-ask`, {
        subject: entry.device,
        remedy: "Wait until that test is done.",
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

/** Writes an entry and waits until it is on disk. Throws if it cannot be written in full. */
function writeEntry(file: Deno.FsFile, entry: JournalEntry): void {
  // One write overwrites all of an earlier entry, so that the file always has an entry.
  const text = JSON.stringify(entry).padEnd(file.statSync().size);
  const bytes = new TextEncoder().encode(text);
  let written = 0;
  while (written < bytes.length) written += file.writeSync(bytes.subarray(written));
  file.syncSync();
}

/** How long to try to lock an entry. A reader locks it only for a moment. */
const LOCK_MS = 200;

/** Opens and locks the file of an entry; null if a process that works on the device has locked it. */
function openLocked(path: string): Deno.FsFile | null {
  for (let waitedMs = 0; waitedMs < LOCK_MS; waitedMs += 2) {
    const file = Deno.openSync(path, { create: true, read: true, write: true, mode: 0o640 });
    // If another process removed the entry before we locked it, the path is now another file, or none.
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

/** Removes an entry that means nothing now. A process that may not do so leaves it to one that may. */
function tidy(path: string): void {
  try {
    removeIfThere(path);
  } catch {
    // Not permitted.
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** An entry, and whether the process that wrote it is still alive. */
export interface OpenEntry extends JournalEntry {
  alive: boolean;
}

/**
 * The entries of this boot. An unreadable entry counts for the device in its file name. Throws a {@link Failure} if the
 * journal cannot be listed: then it is not known which devices are in RUNNING. Effect: removes entries of other boots,
 * because a boot resets the devices. Does not touch the entry of a process that is still alive.
 */
export function readJournal(stateDirectory: string | null, bootId: string | null): OpenEntry[] {
  if (stateDirectory === null) return [];
  const directory = journalDirectory(stateDirectory);
  return listNames(directory).flatMap((name) => readEntry(join(directory, name), bootId) ?? []);
}

/** Whether an entry is of the current device of that name. It is not if the device was created or bound again since. */
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
      // A shared lock, so that a reader does not take another reader for a process at work.
      const alive = !file.tryLockSync(false);
      const { ino, size } = file.statSync();
      const bytes = new Uint8Array(size);
      const entry = parseEntry(
        new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0)),
        path,
      );
      // The entry was removed after we opened it.
      if (ino !== inodeOf(path)) return null;
      const isOver = entry !== null && bootId !== null && entry.bootId !== bootId;
      // Empty: its writer was killed before it touched the device. The lock keeps other writers away.
      if (!alive && (size === 0 || isOver)) tidy(path);
      if (size === 0 || (!alive && isOver)) return null;
      return { ...(entry ?? unread), alive };
    } finally {
      file.close();
    }
  } catch (error) {
    // Removed in the meantime, or unreadable.
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
  const sentence = `Cannot remove ${device} from the journal, although it is in RUNNING: ${why}`;
  return { code: "not-struck", subject: device, sentence, remedy: `Remove ${path}.` };
}
