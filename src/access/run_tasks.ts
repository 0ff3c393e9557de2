import { Failure, type Problem } from "../documents/mod.ts";
import type { WorkerResult, WorkerTask } from "../tasks/mod.ts";
import type { Access } from "./access.ts";

/**
 * Runs tasks and returns their results in order, while no other vfio-ask on this host opens devices: otherwise both
 * would find these devices in use.
 *
 * Effect: that of the tasks. Throws a {@link Failure} if another vfio-ask keeps the lock for too long.
 */
export async function runTasks(
  access: Access,
  tasks: readonly WorkerTask[],
  options: { signal?: AbortSignal | undefined } = {},
): Promise<WorkerResult[]> {
  if (tasks.length === 0) return [];
  const results = await access.whileLocked(async () => {
    const done: WorkerResult[] = [];
    for (const task of tasks) done.push(await access.run(task, options));
    return done;
  });
  if (results !== null) return results;
  throw new Failure("in-use", "Cannot open devices: another vfio-ask is still using them", {
    subject: "devices",
    remedy: "Try again later.",
  });
}

/** The problem that another process holds the lock of the state directory for too long. */
export function othersAsk(sentence: string): Problem {
  return { code: "in-use", subject: "devices", sentence, remedy: "Try again later." };
}
