import { join } from "@std/path";
import { Failure } from "../documents/mod.ts";
import {
  listDirectory,
  readAttribute,
  readBinding,
  readHost,
  type SysfsDevice,
} from "../host/mod.ts";
import { isOfBinding, journal, type JournalEntry, type Remake } from "../state/mod.ts";
import { type WorkerResult, workerResult } from "../tasks/mod.ts";
import { createMdev, isThere, removeMdev } from "./mdev.ts";
import type { WorkerWorld } from "./world.ts";

/** The attributes of mdevs that are written to a new mdev. Source: NVIDIA's vGPU manager. */
const RESTORED = ["nvidia/vgpu_params"];

/** What every mdev has, and what needs no restoring. */
const OF_EVERY_MDEV = ["driver_override", "numa_node", "power", "remove", "uevent", "vfio-dev"];

/**
 * Removes an mdev that no process holds, and creates it again under its UUID, with its type, parent and parameters. A
 * journal entry lasts until it is there again, so that {@link finishRemake} can do the rest if this process is killed.
 *
 * Source: `<mdev>/remove`, `<type>/create`. Effect: the mdev loses its state. Throws a {@link Failure} if the mdev has
 * attributes that cannot be restored, or if a step fails; then the entry stays.
 */
export async function remakeMdev(
  world: WorkerWorld,
  { id, type, parent, bound, sysfs }: SysfsDevice,
  { deadlineMs }: { deadlineMs: number },
): Promise<void> {
  if (parent === null) throw new Error(`${id} has no parent`);
  const path = join(world.roots.sys, sysfs.slice("/sys".length));
  const attributes = readParameters(path, id);
  const { bootId } = readHost(world.roots);
  const written = journal(world.stateDirectory, {
    device: id,
    what: "remake",
    bootId,
    bound,
    untilMs: world.now().getTime() + deadlineMs,
    remake: { type, parent, attributes },
  });
  let isMade = false;
  try {
    world.onOpening?.(id);
    removeMdev(world, id);
    await makeAgain(world, id, { type, parent, attributes });
    isMade = true;
  } finally {
    if (isMade) written.strike();
    else written.keep();
  }
}

/**
 * Does the rest for an mdev that another process was about to create again. Null if nothing was removed yet, or if the
 * entry is of another kind. Effect: creates the mdev, writes its parameters.
 */
export async function finishRemake(
  world: WorkerWorld,
  entry: JournalEntry,
): Promise<WorkerResult | null> {
  const { device: id, what, remake } = entry;
  if (what !== "remake" || remake === undefined) return null;
  if (isStillToRemove(world, entry)) return null;
  await makeAgain(world, id, remake);
  const found = { of: "repair" as const, by: "remade" as const, was: null, state: null };
  return workerResult("done", { found, sentence: `${id} was created again` });
}

/** Whether the mdev of an entry was not removed yet. */
export function isStillToRemove(world: WorkerWorld, entry: JournalEntry): boolean {
  const { device: id } = entry;
  return isThere(world, id) && isOfBinding(entry, readBinding(mdevPath(world, id)));
}

async function makeAgain(
  world: WorkerWorld,
  id: string,
  { type, parent, attributes }: Remake,
): Promise<void> {
  if (!isThere(world, id)) await createMdev(world, { id, type, parent });
  for (const { name, value } of attributes) {
    const path = join(mdevPath(world, id), name);
    if (RESTORED.includes(name) && readAttribute(path) !== value) {
      Deno.writeTextFileSync(path, value);
    }
  }
}

function mdevPath({ roots }: WorkerWorld, id: string): string {
  return join(roots.sys, "bus/mdev/devices", id);
}

/** The parameters of an mdev that must be written again. Throws a {@link Failure} if it has others. */
function readParameters(path: string, id: string): Remake["attributes"] {
  const own = listDirectory(path).filter((name) => !OF_EVERY_MDEV.includes(name));
  const writable = own.flatMap((name) => {
    const status = Deno.lstatSync(join(path, name));
    if (status.isDirectory) {
      return listDirectory(join(path, name)).map((inner) => `${name}/${inner}`);
    }
    return [name];
  }).filter((name) => {
    const { isFile, mode } = Deno.lstatSync(join(path, name));
    return isFile && ((mode ?? 0) & 0o222) !== 0;
  });
  const others = writable.filter((name) => !RESTORED.includes(name));
  if (others.length > 0) {
    const names = others.slice(0, 4).join(", ");
    throw new Failure("bad-input", `Cannot create ${id} again: it has parameters (${names})`, {
      subject: id,
      remedy:
        `Remove it with echo 1 > /sys/bus/mdev/devices/${id}/remove, and create it with the same parameters.`,
    });
  }
  return writable.flatMap((name) => {
    const value = readAttribute(join(path, name));
    return value === null || value === "" ? [] : [{ name, value }];
  });
}
