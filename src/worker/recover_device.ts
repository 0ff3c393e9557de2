import type { Problem } from "../documents/mod.ts";
import { surveyDevice } from "../probe/mod.ts";
import { type HostRoots, lastPart, listVfioDevices, readBinding, readHost } from "../host/mod.ts";
import { isOfBinding, journal, type JournalEntry, readJournal } from "../state/mod.ts";
import { removeMdev } from "./temporary_mdev.ts";
import { notDone, withIdleDevice } from "./with_device.ts";
import { type WorkerResult, workerResult } from "../tasks/mod.ts";
import type { WorkerWorld } from "./world.ts";

/**
 * Puts a journalled device right, unless somebody has it: removes an mdev that was made for a test, brings
 * another to RUNNING. A device that is gone, or was made or bound anew since, needs nothing but that its entry is struck.
 *
 * Effect: opens and resets the device, or removes it. The entry is this process's own meanwhile: should it be killed
 * too, the next one takes over. Throws where the entry cannot be written, see {@link journal}.
 */
export async function recoverDevice(
  world: WorkerWorld,
  device: string,
  { deadlineMs, settleMs }: { deadlineMs: number; settleMs: number },
): Promise<WorkerResult> {
  const { bootId } = readHost(world.roots);
  const left = readJournal(world.stateDirectory, bootId).find((found) => found.device === device);
  if (left === undefined || left.alive) return workerResult("done");
  const { alive: _, ...entry } = left;
  const untilMs = world.now().getTime() + deadlineMs;
  const written = journal(world.stateDirectory, { ...entry, untilMs });
  let isRight = false;
  try {
    const result = entry.what === "temporary-mdev"
      ? await removeLeft(world, device)
      : await bringBack(world, entry, settleMs);
    isRight = result.outcome === "done";
    return isRight ? { ...result, problems: [...result.problems, ...written.strike()] } : result;
  } finally {
    if (!isRight) written.keep();
  }
}

/** Removes an mdev that was made for a test. It is opened first: the removal of one that somebody has would wait. */
async function removeLeft(world: WorkerWorld, device: string): Promise<WorkerResult> {
  const came = await withIdleDevice(world, device, () => {});
  if ("unavailable" in came && came.unavailable.outcome === "in-use") {
    return notDone(came.unavailable);
  }
  removeMdev(world, device);
  return workerResult("done", { sentence: `${device} was removed` });
}

async function bringBack(
  world: WorkerWorld,
  entry: JournalEntry,
  settleMs: number,
): Promise<WorkerResult> {
  const { device } = entry;
  const path = pathOf(world.roots, device);
  if (path === null) return gone(device);
  if (!isOfBinding(entry, readBinding(path))) {
    return workerResult("done", { sentence: `${device} was made or bound anew` });
  }
  // Surveying a device brings it to RUNNING, or says that it cannot.
  const survey = (handle: Parameters<typeof surveyDevice>[0]) => surveyDevice(handle, device);
  const came = await withIdleDevice(world, device, survey, { settleMs });
  if ("unavailable" in came) {
    return pathOf(world.roots, device) === null ? gone(device) : notDone(came.unavailable);
  }
  const { problems, state } = came.done;
  if (state === "running") return workerResult("done", { sentence: `${device} is in RUNNING` });
  // It migrated when it was journalled, in this binding: that it tells no state now is not that it has none.
  const sentence = needsReset(problems) ? "" : `${device} tells no migration state any more`;
  return workerResult("failed", { sentence, problems });
}

/** Where a device of a name is now, null where there is none. */
function pathOf(roots: HostRoots, device: string): string | null {
  return listVfioDevices(roots).find(({ path }) => lastPart(path) === device)?.path ?? null;
}

function gone(device: string): WorkerResult {
  const sentence =
    `${device} was left in another state than RUNNING by a vfio-ask that was killed, and is gone`;
  return workerResult("done", {
    problems: [{ code: "gone", subject: device, sentence, remedy: null }],
  });
}

/** Whether a device could not be brought back to RUNNING. */
export function needsReset(problems: readonly Problem[]): boolean {
  return problems.some(({ code }) => code === "needs-reset");
}
