import { join } from "@std/path";
import * as z from "zod/mini";
import { Failure, type Known } from "../identity/mod.ts";

/**
 * What is left to be put right should this program be killed: a device that may have left RUNNING, or an mdev
 * that was made for a test.
 */
const Entry = z.looseObject({
  device: z.string(),
  what: z.enum(["preflight", "temporary-mdev"]),
  bootId: z.nullable(z.string()),
  pid: z.number(),
  /** When it should be done, in milliseconds since 1970: who lives longer is stuck. */
  untilMs: z.number(),
});
export type JournalEntry = Known<z.infer<typeof Entry>>;

/** An entry that was written, to be struck when the device is as it was. */
export interface Journalled {
  strike(): void;
  /** Leaves it, so that the device is known to be in trouble. */
  keep(): void;
}

const directoryOf = (stateDirectory: string) => join(stateDirectory, "journal");

/**
 * Writes down that a device is about to leave RUNNING, or that an mdev is about to be made, and waits until that
 * is on the disk. The entry is locked for as long as this process lives, so that nobody takes it for left behind.
 * Throws a {@link Failure} where it cannot be written: then nothing may be done to the device.
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
    const file = Deno.openSync(path, { create: true, read: true, write: true, mode: 0o600 });
    if (!file.tryLockSync(true)) {
      file.close();
      throw new Failure("in-use", `${entry.device} is being tested by another vfio-ask`, {
        subject: entry.device,
        remedy: "Wait until that is done.",
      });
    }
    file.truncateSync();
    file.writeSync(new TextEncoder().encode(JSON.stringify({ ...entry, pid: Deno.pid })));
    file.syncSync();
    syncDirectory(directory);
    return {
      strike() {
        Deno.removeSync(path);
        file.close();
      },
      keep: () => file.close(),
    };
  } catch (cause) {
    throw cause instanceof Failure ? cause : cannotWrite(directory, cause);
  }
}

/** A journalled device, and whether the process that wrote it down still lives. */
export interface OpenEntry extends JournalEntry {
  alive: boolean;
}

/** The entries of this boot; those of another are struck, since the devices were made anew. */
export function readJournal(stateDirectory: string | null, bootId: string | null): OpenEntry[] {
  if (stateDirectory === null) return [];
  const directory = directoryOf(stateDirectory);
  return listNames(directory).flatMap((name) => {
    const path = join(directory, name);
    const read = readEntry(path);
    if (read === null) return [];
    const { entry, alive } = read;
    if (!alive && bootId !== null && entry.bootId !== bootId) {
      strikeEntry(stateDirectory, entry.device);
      return [];
    }
    return [{ ...entry, alive }];
  });
}

/** Strikes an entry whose writer has gone. */
export function strikeEntry(stateDirectory: string, device: string): void {
  try {
    Deno.removeSync(join(directoryOf(stateDirectory), `${device}.json`));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function readEntry(path: string): { entry: JournalEntry; alive: boolean } | null {
  try {
    const alive = isLocked(path);
    const entry = parseEntry(Deno.readTextFileSync(path), path);
    // Cut short: its writer was killed before it had touched the device.
    if (entry === null && !alive) Deno.removeSync(path);
    return entry === null ? null : { entry, alive };
  } catch {
    // Struck meanwhile.
    return null;
  }
}

/** Whether somebody has a file locked. */
function isLocked(path: string): boolean {
  const file = Deno.openSync(path, { read: true, write: true });
  try {
    return !file.tryLockSync(true);
  } finally {
    file.close();
  }
}

function parseEntry(text: string, path: string): JournalEntry | null {
  try {
    const entry = Entry.parse(JSON.parse(text));
    return path.endsWith(`/${entry.device}.json`) ? entry : null;
  } catch {
    return null;
  }
}

function listNames(directory: string): string[] {
  try {
    return Array.from(Deno.readDirSync(directory), ({ name }) => name)
      .filter((name) => name.endsWith(".json")).sort();
  } catch {
    return [];
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

function cannotWrite(directory: string, cause: unknown): Failure {
  return new Failure("not-permitted", `Cannot write the journal in ${directory}`, {
    subject: directory,
    remedy: "Run vfio-ask as root, or name a directory it may write with --state.",
    cause,
  });
}
