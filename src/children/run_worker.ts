import { Failure } from "../documents/mod.ts";
import { whileLocked } from "../state/mod.ts";
import type { WorkerResult, WorkerTask } from "../tasks/mod.ts";
import type { Worker } from "./worker.ts";

/**
 * Has tasks done by the worker; gives a result for each, in order.
 *
 * No other vfio-ask of this host asks or tests devices meanwhile, so that none finds one held by another. Effect: that of
 * the tasks, see `runTask`. Throws a {@link Failure} where another is at it for too long.
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
  throw new Failure("in-use", "Cannot test: another vfio-ask is still at its devices", {
    subject: "devices",
    remedy: "Try again later.",
  });
}
