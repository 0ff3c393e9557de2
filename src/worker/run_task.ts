import type { WorkerResult, WorkerTask } from "../tasks/mod.ts";
import type { WorkerWorld } from "./world.ts";

/**
 * Does one task, in this process: only the command `worker` does so. Never throws: what goes wrong is an
 * outcome. Effect: that of the task; devices are left in RUNNING, or the journal keeps their names.
 *
 * What opens devices is loaded only here: a server starts without it.
 */
export async function runTask(
  world: WorkerWorld,
  task: WorkerTask,
  options: { deadlineMs: number },
): Promise<WorkerResult> {
  const { doTask } = await import("./do_task.ts");
  return await doTask(world, task, options);
}
