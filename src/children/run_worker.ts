import { Failure } from "../documents/mod.ts";
import { whileLocked } from "../state/mod.ts";
import type { WorkerResult, WorkerTask } from "../tasks/mod.ts";
import type { Worker } from "./worker.ts";

/**
 * Runs tasks in the worker, and returns their results in order.
 *
 * Holds the lock of the state directory, so that no other vfio-ask on this host finds these devices in use. Effect:
 * that of the tasks, see `runTask`. Throws a {@link Failure} if another vfio-ask holds the lock for too long.
 */
export async function runWorker(
  { stateDirectory, worker }: { stateDirectory: string | null; worker: Worker },
  tasks: readonly WorkerTask[],
  options: { signal?: AbortSignal | undefined } = {},
): Promise<WorkerResult[]> {
  if (tasks.length === 0) return [];
  const results = await whileLocked(stateDirectory, async () => {
    const done: WorkerResult[] = [];
    for (const task of tasks) done.push(await worker.run(task, options));
    return done;
  });
  if (results !== null) return results;
  throw new Failure("in-use", "Cannot open devices: another vfio-ask is still using them", {
    subject: "devices",
    remedy: "Try again later.",
  });
}
