import { type ChildOptions, type ChildTrouble, linesOfChild } from "./child.ts";
import { Failure } from "../identity/mod.ts";
import { whileLocked } from "./observations.ts";
import { WorkerResult, workerResult, type WorkerTask } from "./worker_tasks.ts";
import type { World } from "./world.ts";

/**
 * Has tasks done by a short-lived child, each within its deadline; gives a result for each, in order.
 *
 * No other vfio-ask of this host asks or tests devices meanwhile, so that none finds one held by another. A
 * child that hangs is killed, its task's result is `stuck`, and another child goes on with the rest.
 * Effect: that of the tasks, see `runTask`. Throws a {@link Failure} where another is at it for too long.
 */
export async function runWorker(
  world: World,
  tasks: readonly WorkerTask[],
  options: Pick<ChildOptions, "deadlineMs" | "listener" | "signal">,
): Promise<WorkerResult[]> {
  if (tasks.length === 0) return [];
  const results = await whileLocked(world.stateDirectory, () => runTasks(world, tasks, options));
  if (results !== null) return results;
  throw new Failure("in-use", "Cannot test: another vfio-ask is still at its devices", {
    subject: "devices",
    remedy: "Try again later.",
  });
}

async function runTasks(
  world: World,
  tasks: readonly WorkerTask[],
  { deadlineMs, listener = {}, signal }: Pick<ChildOptions, "deadlineMs" | "listener" | "signal">,
): Promise<WorkerResult[]> {
  const results: WorkerResult[] = [];
  while (results.length < tasks.length && !signal?.aborted) {
    const rest = tasks.slice(results.length);
    const input = rest.map((task) => JSON.stringify(task) + "\n").join("");
    const options = { count: rest.length, deadlineMs, input, listener, signal };
    const command = [...world.workerCommand, "--deadline", String(deadlineMs / 1000)];
    for await (const from of linesOfChild(command, options)) {
      const result = "line" in from ? readResult(from.line) : lost(from.trouble, deadlineMs);
      results.push(result ?? lost("died", deadlineMs));
      if (result === null || "trouble" in from) break;
    }
  }
  while (results.length < tasks.length) results.push(lost("died", deadlineMs));
  return results;
}

function readResult(line: string): WorkerResult | null {
  try {
    return WorkerResult.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

function lost(trouble: ChildTrouble, deadlineMs: number): WorkerResult {
  const remedy = "Look for a message about the device in the kernel's log (dmesg).";
  if (trouble === "late") {
    const sentence = "the process that asks the driver did not come to it in time";
    return workerResult("failed", { sentence, remedy: "Try again when the host is less busy." });
  }
  return trouble === "stuck"
    ? workerResult("stuck", {
      sentence: `the driver did not answer within ${deadlineMs} ms`,
      remedy,
    })
    : workerResult("failed", { sentence: "the process that asked the driver died", remedy });
}
