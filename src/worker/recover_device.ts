import type { Problem } from "../documents/mod.ts";
import { surveyDevice } from "../probe/mod.ts";
import { type HostRoots, lastPart, listVfioDevices, readBinding, readHost } from "../host/mod.ts";
import { isOfBinding, journal, type JournalEntry, readJournal } from "../state/mod.ts";
import { removeMdev } from "./mdev.ts";
import { finishRemake } from "./remake_mdev.ts";
import { notDone, withIdleDevice } from "./with_device.ts";
import { type WorkerResult, workerResult } from "../tasks/mod.ts";
import type { WorkerWorld } from "./world.ts";

/**
 * Recovers a device in the journal that no process holds: removes a temporary mdev, creates an mdev that was removed to
 * be created again, brings any other device to RUNNING. For a device that is gone, or was created or bound again since,
 * only the journal entry is removed.
 *
 * Effect: opens and resets the device, or removes it. This process owns the entry in the meantime, so that the next one
 * can take over if this one is killed too. Throws if the entry cannot be written, see {@link journal}.
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
      : await finishRemake(world, entry) ?? await bringBack(world, entry, settleMs);
    isRight = result.outcome === "done";
    return isRight ? { ...result, problems: [...result.problems, ...written.strike()] } : result;
  } finally {
    if (!isRight) written.keep();
  }
}

/** Removes a temporary mdev. Opens it first, because the removal of an mdev that is in use would block. */
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
    return workerResult("done", { sentence: `${device} was created or bound again` });
  }
  // A survey brings the device to RUNNING, or reports that it cannot.
  const survey = (handle: Parameters<typeof surveyDevice>[0]) => surveyDevice(handle, device);
  const came = await withIdleDevice(world, device, survey, { settleMs });
  if ("unavailable" in came) {
    return pathOf(world.roots, device) === null ? gone(device) : notDone(came.unavailable);
  }
  const { problems, state } = came.done;
  if (state === "running") return workerResult("done", { sentence: `${device} is in RUNNING` });
  // In this binding, the device had a migration state when it was journalled. No state now is a failure.
  const sentence = needsReset(problems) ? "" : `${device} no longer reports a migration state`;
  return workerResult("failed", { sentence, problems });
}

/** The path of a device; null if it does not exist. */
function pathOf(roots: HostRoots, device: string): string | null {
  return listVfioDevices(roots).find(({ path }) => lastPart(path) === device)?.path ?? null;
}

function gone(device: string): WorkerResult {
  const sentence =
    `${device} is gone: a vfio-ask that was killed had left it in a state other than RUNNING`;
  return workerResult("done", {
    problems: [{ code: "gone", subject: device, sentence, remedy: null }],
  });
}

/** Whether a device could not be brought back to RUNNING. */
export function needsReset(problems: readonly Problem[]): boolean {
  return problems.some(({ code }) => code === "needs-reset");
}
