import type { DeviceHandle } from "../device/mod.ts";
import { Failure, type Problem, toProblem } from "../documents/mod.ts";
import { readHost, type SysfsDevice } from "../host/mod.ts";
import { journal, type Journalled, readJournal } from "../state/mod.ts";
import { type OpenOptions, type Unavailable, withIdleDevice } from "./with_device.ts";
import type { WorkerWorld } from "./world.ts";

/** What came of working with an open device, and whether it is known to be in RUNNING, or to have no such state. */
export interface AtWork<T> {
  result: T;
  isAtRest: boolean;
}

export interface JournalOptions extends OpenOptions {
  /** Written before the device is opened, where it is to leave RUNNING; else null. */
  first: { untilMs: number } | null;
}

/**
 * Opens an idle device, works with it and closes it; the journal follows. A device that is at rest afterwards has no
 * entry, whoever wrote one; one that was opened and is not known to be at rest has one. Where none can be written first,
 * the device is not opened. `problems` say what the result cannot.
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
    const sentence = `${id} was opened, and is not known to be in RUNNING since`;
    problems.push({
      code: "needs-reset",
      subject: id,
      sentence,
      remedy: `Ask it: vfio-ask probe ${id}.`,
    });
  }
  return { ...came, problems };
}

/** Has the journal say what is known of a device now. */
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
    // It is as it was: what another process knew of it stands.
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

/** The entry of a device that another process left, as ours; null where there is none. */
function takeLeft(world: WorkerWorld, id: string): Journalled | null {
  const found = leftEntry(world, id);
  return found?.what === "preflight" ? journal(world.stateDirectory, found) : null;
}

/** An mdev that was made for a test and left is not worked with, or nobody would know that it is to be removed. */
function checkNotLeft(world: WorkerWorld, id: string): void {
  if (leftEntry(world, id)?.what !== "temporary-mdev") return;
  throw new Failure("in-use", `${id} was made for a test, and is to be removed`, {
    subject: id,
    remedy: "Use another device.",
  });
}
