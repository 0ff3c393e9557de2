import { join } from "@std/path";
import * as z from "zod/mini";
import { readStatus } from "../../ffi/files.ts";
import { Capabilities, Failure, type Known, OBSERVATIONS_SCHEMA } from "../documents/mod.ts";
import { readState, writeState } from "./state_file.ts";

/**
 * What devices said in this load of their drivers: by class ({@link classKey}), from its representative, and by device and class
 * ({@link deviceKey}) from each that was asked.
 * A boot later it is void, since drivers and firmware may be others.
 */
export const Observations = z.lazy(() =>
  z.looseObject({
    schema: z.literal(OBSERVATIONS_SCHEMA),
    bootId: z.nullable(z.string()),
    byClass: z.record(z.string(), Capabilities),
    byDevice: z.record(z.string(), Capabilities),
  })
);
export type Observations = Known<z.infer<typeof Observations>>;

/** Nothing observed yet. */
export function noObservations(bootId: string | null): Observations {
  return { schema: OBSERVATIONS_SCHEMA, bootId, byClass: {}, byDevice: {} };
}

const FILE = "observations.json";

/** What was remembered in this boot; nothing where it is not known which boot this is, or where there is none, or the file is of no use. */
export function loadObservations(directory: string | null, bootId: string | null): Observations {
  if (bootId === null) return noObservations(bootId);
  const read = readState(directory, FILE, Observations);
  return read?.bootId === bootId ? read : noObservations(bootId);
}

/** What changes whenever somebody remembers something anew, null where nothing is remembered. */
export function stampOfObservations(directory: string | null): string | null {
  if (directory === null) return null;
  try {
    const status = readStatus(join(directory, FILE), { follow: true });
    return status === null ? null : `${status.ino} ${status.mtimeMs}`;
  } catch {
    return null;
  }
}

/** Remembers observations. Throws a {@link Failure} where the state directory cannot be written. */
export function saveObservations(directory: string | null, observations: Observations): void {
  if (directory === null) return;
  try {
    writeState(directory, FILE, observations);
  } catch (cause) {
    throw new Failure("not-permitted", `Cannot remember what devices said in ${directory}`, {
      subject: directory,
      remedy: "Run vfio-ask as root, or name a directory it may write with --state.",
      cause,
    });
  }
}

/** How long another vfio-ask that asks devices is waited for. */
const LOCK_MS = 30_000;

/**
 * Runs something while no other vfio-ask on this host asks devices, so that none finds a device held by
 * another. Where there is no directory to lock, it just runs. Gives null where another is still at it after
 * `LOCK_MS`, stuck in a driver perhaps.
 */
export async function whileLocked<T>(
  directory: string | null,
  run: () => Promise<T>,
): Promise<T | null> {
  const file = directory === null ? null : openLock(directory);
  try {
    for (let waitedMs = 0; file !== null && !file.tryLockSync(true); waitedMs += 20) {
      if (waitedMs >= LOCK_MS) return null;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return await run();
  } finally {
    file?.close();
  }
}

function openLock(directory: string): Deno.FsFile | null {
  try {
    Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
    return Deno.openSync(join(directory, "lock"), { create: true, write: true, mode: 0o600 });
  } catch {
    return null;
  }
}
