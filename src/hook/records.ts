import { join } from "@std/path";
import type { Evidence, Identity, Verdict } from "../documents/mod.ts";

/** Where records are kept, which the kernel forgets at a boot, as it does mdevs. */
export const RUN_DIRECTORY = "/run/vfio-ask-hook";

/** A machine that is coming in. */
export interface ArrivalRecord {
  /** Differs for each attempt. */
  id: string;
  name: string;
  /** When the hook was called, in milliseconds since 1970. */
  atMs: number;
  /** The devices of this host that it gets, with what was said about each. */
  devices: {
    source: Identity;
    device: string;
    predicted: { verdict: Verdict; evidence: Evidence | null } | null;
  }[];
  /** The mdevs that were made for it, by UUID. */
  made: string[];
}

/** The records of a directory, while its lock is held. Effect of each method: reads or writes a file. */
export interface Records {
  read(name: string): ArrivalRecord | null;
  /** Records of all machines. */
  list(): ArrivalRecord[];
  /** Writes a record, which is on disk before this returns. */
  write(record: ArrivalRecord): void;
  remove(name: string): void;
}

/**
 * Runs a function while no other process changes the records. Effect: creates the directory, and holds a lock in it,
 * which the kernel releases with the process. Throws if another process holds it for ten seconds.
 */
export async function withRecords<T>(
  directory: string,
  run: (records: Records) => Promise<T>,
): Promise<T> {
  Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
  using file = Deno.openSync(join(directory, "lock"), { create: true, write: true, mode: 0o600 });
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("another hook does not end")), LOCK_MS);
  try {
    await Promise.race([file.lock(true), late]);
  } finally {
    clearTimeout(timer);
  }
  return await run(openRecords(directory));
}

/** The record of a machine, without the lock; null if there is none. A record is written as a whole. */
export function readRecord(directory: string, name: string): ArrivalRecord | null {
  return openRecords(directory).read(name);
}

/** How long to wait for another hook: it makes devices, which takes at most some seconds. */
const LOCK_MS = 10_000;

/** How long a name of a file may be. */
const MAX_NAME = 200;

function openRecords(directory: string): Records {
  const pathOf = (name: string) =>
    join(directory, `${encodeURIComponent(name).slice(0, MAX_NAME)}.json`);
  const readFile = (path: string): ArrivalRecord | null => {
    try {
      return JSON.parse(Deno.readTextFileSync(path)) as ArrivalRecord;
    } catch {
      // None, or a crash has cut it off.
      return null;
    }
  };
  return {
    read: (name) => {
      const record = readFile(pathOf(name));
      return record?.name === name ? record : null;
    },
    list: () =>
      Array.from(Deno.readDirSync(directory), ({ name }) => name)
        .filter((name) => name.endsWith(".json"))
        .flatMap((name) => readFile(join(directory, name)) ?? []),
    write: (record) => {
      const path = pathOf(record.name);
      {
        const options = { create: true, write: true, truncate: true, mode: 0o600 };
        using file = Deno.openSync(`${path}.new`, options);
        const bytes = new TextEncoder().encode(JSON.stringify(record));
        for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
        file.syncSync();
      }
      Deno.renameSync(`${path}.new`, path);
    },
    remove: (name) => {
      try {
        Deno.removeSync(pathOf(name));
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    },
  };
}
