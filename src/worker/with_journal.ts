import type { DeviceHandle } from "../device/mod.ts";
import { Failure, type Problem, toProblem } from "../documents/mod.ts";
import { readHost, type SysfsDevice } from "../host/mod.ts";
import { journal, type Journalled, readJournal } from "../state/mod.ts";
import { type OpenOptions, type Unavailable, withIdleDevice } from "./with_device.ts";
import type { WorkerWorld } from "./world.ts";

/** The result of work on an open device. `isAtRest`: the device is known to be in RUNNING, or to have no states. */
export interface AtWork<T> {
  result: T;
  isAtRest: boolean;
}

export interface JournalOptions extends OpenOptions {
  /** The entry to write before the device is opened, if it will leave RUNNING; otherwise null. */
  first: { untilMs: number } | null;
}

/**
 * Opens an idle device, works with it, closes it, and updates the journal. Afterwards, a device at rest has no entry,
 * and a device that was opened and is not known to be at rest has one. If the first entry cannot be written, the
 * device is not opened. `problems` has the problems that are not part of the result.
 *
 * Effect: opens, see `withIdleDevice`. Never throws.
 */
export async function withJournal<T>(
  world: WorkerWorld,
  id: string,
  work: (handle: DeviceHandle, device: SysfsDevice) => Promise<AtWork<T>> | AtWork<T>,
  { first, ...options }: JournalOptions,
): Promise<({ done: T } | { unavailable: Unavailable }) & { problems: Problem[] }> {
  const met: { written: Journalled | null; opened: SysfsDevice | null } = {
    written: null,
    opened: null,
  };
  const came = await withIdleDevice(
    world,
    id,
    (handle, device) => {
      met.opened = device;
      return work(handle, device);
    },
    {
      ...options,
      beforeOpening(device) {
        if (first === null) return;
        checkNotLeft(world, id);
        met.written = journal(world.stateDirectory, entryOf(world, device, first));
      },
    },
  );
  const isAtRest = "done" in came && came.done.isAtRest;
  const problems = follow(world, id, { ...met, isAtRest });
  if ("done" in came) return { done: came.done.result, problems };
  if (met.opened !== null) {
    const sentence = `${id} was opened, and it is not known whether it is in RUNNING`;
    problems.push({
      code: "needs-reset",
      subject: id,
      sentence,
      remedy: `Run vfio-ask probe ${id}.`,
    });
  }
  return { ...came, problems };
}

/** Updates the journal with what is now known about a device. */
function follow(
  world: WorkerWorld,
  id: string,
  { written, opened, isAtRest }: {
    written: Journalled | null;
    opened: SysfsDevice | null;
    isAtRest: boolean;
  },
): Problem[] {
  try {
    if (isAtRest) return (written ?? takeLeft(world, id))?.strike() ?? [];
    if (opened !== null) {
      (written ?? journal(world.stateDirectory, entryOf(world, opened, { untilMs: 0 }))).keep();
      return [];
    }
    // The device was not opened: keep the entry of another process.
    if (written?.wasLeft) written.keep();
    return written === null || written.wasLeft ? [] : written.strike();
  } catch (error) {
    return [toProblem(error, id)];
  }
}

function entryOf(world: WorkerWorld, { id, bound }: SysfsDevice, { untilMs }: { untilMs: number }) {
  const { bootId } = readHost(world.roots);
  return { device: id, what: "preflight", bootId, bound, untilMs } as const;
}

function leftEntry({ stateDirectory, roots }: WorkerWorld, id: string) {
  const { bootId } = readHost(roots);
  return readJournal(stateDirectory, bootId).find(({ device, alive }) => device === id && !alive);
}

/** Takes over the entry of a device that another process left; null if there is none. */
function takeLeft(world: WorkerWorld, id: string): Journalled | null {
  const found = leftEntry(world, id);
  if (found === undefined || found.what === "temporary-mdev") return null;
  return journal(world.stateDirectory, found);
}

/** Refuses a temporary mdev that was left: a new entry would hide that it must be removed. Throws a {@link Failure}. */
function checkNotLeft(world: WorkerWorld, id: string): void {
  if (leftEntry(world, id)?.what !== "temporary-mdev") return;
  throw new Failure("in-use", `${id} was created for a test and will be removed`, {
    subject: id,
    remedy: "Use another device.",
  });
}
