import { join } from "@std/path";
import * as z from "zod/mini";
import { readStatus } from "../../ffi/files.ts";
import { Capabilities, Failure, type Known, OBSERVATIONS_SCHEMA } from "../documents/mod.ts";
import { readState, writeState } from "./state_file.ts";

/**
 * The answers of devices in this load of their drivers: by class ({@link classKey}) from its representative, and by
 * device ({@link deviceKey}) from each device that was asked. Not valid after a boot, because drivers and firmware
 * may have changed.
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

export function noObservations(bootId: string | null): Observations {
  return { schema: OBSERVATIONS_SCHEMA, bootId, byClass: {}, byDevice: {} };
}

const FILE = "observations.json";

/** The observations saved in this boot. None if the boot is not known, or if the file is missing or invalid. */
export function loadObservations(directory: string | null, bootId: string | null): Observations {
  if (bootId === null) return noObservations(bootId);
  const read = readState(directory, FILE, Observations);
  return read?.bootId === bootId ? read : noObservations(bootId);
}

/** A text that changes whenever a process saves observations; null if none are saved. */
export function stampOfObservations(directory: string | null): string | null {
  if (directory === null) return null;
  try {
    const status = readStatus(join(directory, FILE), { follow: true });
    return status === null ? null : `${status.ino} ${status.mtimeMs}`;
  } catch {
    return null;
  }
}

/** Saves observations. Throws a {@link Failure} if the state directory cannot be written. */
export function saveObservations(directory: string | null, observations: Observations): void {
  if (directory === null) return;
  try {
    writeState(directory, FILE, observations);
  } catch (cause) {
    throw new Failure("not-permitted", `Cannot save the answers of devices in ${directory}`, {
      subject: directory,
      remedy: "Run vfio-ask as root, or name a directory it may write with --state.",
      cause,
    });
  }
}

/** How long to wait for another vfio-ask that asks devices. */
const LOCK_MS = 30_000;

/**
 * Calls `run` while no other vfio-ask on this host asks devices, so that they do not find each other's devices in
 * use. Without a directory to lock, it only calls `run`. Returns null if another process still holds the lock after
 * `LOCK_MS`, perhaps because it is stuck in a driver.
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
    Deno.mkdirSync(directory, { recursive: true, mode: 0o750 });
    return Deno.openSync(join(directory, "lock"), { create: true, write: true, mode: 0o600 });
  } catch {
    return null;
  }
}
