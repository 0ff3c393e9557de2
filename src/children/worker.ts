import { type Child, startChild } from "./child.ts";
import { readAs } from "../documents/mod.ts";
import { watchOwnWork } from "./own_work.ts";
import { WorkerResult, workerResult, type WorkerTask } from "../tasks/mod.ts";

/** How long a worker that has nothing to do is kept for the next task, before its memory is given back. */
export const WORKER_IDLE_MS = 60_000;

/**
 * How long a worker may take to come to a device: to start, and to look at the host. A busy machine is not the
 * device's fault, so that its deadline counts from when it is opened.
 */
export const REACH_MS = 120_000;

/** How often in the time that a device is given it is looked whether its child waits for it. */
const LOOKS = 20;

/** How long one device may take to answer. */
export const DEADLINE_MS = 10_000;

const OPENING = '{"opening":';

/** The line that a worker prints when it is about to enter the kernel for a device. */
export function openingLine(device: string): string {
  return `${JSON.stringify({ opening: device })}\n`;
}

/**
 * Does what may hang in a driver, or die there, in a child process: this program's command `worker`. The child is started
 * by the first task, kept for the next ones, and ended when it has been idle for a while or when this is disposed of.
 */
export interface Worker extends AsyncDisposable {
  /** The processes that work here now, and are no users of the devices that they hold. */
  readonly pids: ReadonlySet<number>;
  /**
   * Does a task when those before it are done. A child that is late is killed, and the result `stuck`; one that dies
   * leaves the result `failed`. The next task starts another. Effect: that of the task, see `runTask`. Throws a `Failure`
   * where no child can be started.
   */
  run(task: WorkerTask, options?: { signal?: AbortSignal | undefined }): Promise<WorkerResult>;
}

export interface WorkerOptions {
  /**
   * How long a task may wait in the kernel, or work there, from its {@link openingLine} on. A child's own work, and its wait for
   * a processor, do not count, but for `reachMs` in all.
   */
  deadlineMs: number;
  reachMs?: number;
  idleMs?: number;
}

/** A worker whose children are started with `command`. Effect: none before its first task. */
export function openWorker(
  command: readonly string[],
  { deadlineMs, reachMs = REACH_MS, idleMs = WORKER_IDLE_MS }: WorkerOptions,
): Worker {
  const pids = new Set<number>();
  let child: Child | null = null;
  let isDisposed = false;
  let idle: ReturnType<typeof setTimeout> | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const start = (): Child => {
    child = startChild([...command, "--deadline", String(deadlineMs / 1000)]);
    pids.add(child.pid);
    return child;
  };
  const end = async (): Promise<void> => {
    const ended = child;
    await ended?.end();
    if (ended !== null) pids.delete(ended.pid);
    if (child === ended) child = null;
  };
  const doTask = async (task: WorkerTask, signal?: AbortSignal): Promise<WorkerResult> => {
    if (isDisposed || signal?.aborted) return lost(task, "stopped", deadlineMs);
    clearTimeout(idle);
    const isNew = child === null;
    const doing = child ?? start();
    signal?.addEventListener("abort", end);
    doing.send(JSON.stringify(task));
    const result = await resultFrom(doing, { deadlineMs, reachMs });
    signal?.removeEventListener("abort", end);
    if (typeof result === "string") {
      await end();
      // It died when it had nothing to do, and has not begun with this.
      if (result === "gone" && !isNew) return await doTask(task, signal);
      return lost(task, isDisposed || signal?.aborted ? "stopped" : result, deadlineMs);
    }
    idle = setTimeout(() => turn = turn.then(end), idleMs);
    Deno.unrefTimer(idle);
    return result;
  };
  return {
    pids,
    run(task, { signal } = {}) {
      const done = turn.then(() => doTask(task, signal));
      turn = done.catch(() => {});
      return done;
    },
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      clearTimeout(idle);
      await end();
      await turn;
    },
  };
}

/** Why there is no result: the child hangs at a device, never came to it, died there or before, or was told to end. */
type Trouble = "stuck" | "late" | "died" | "gone" | "stopped";

async function resultFrom(
  child: Child,
  { deadlineMs, reachMs }: Required<Pick<WorkerOptions, "deadlineMs" | "reachMs">>,
): Promise<WorkerResult | Trouble> {
  for (let isAtDevice = false;;) {
    const next = isAtDevice
      ? await nextFromDevice(child, { deadlineMs, reachMs })
      : await child.next(reachMs);
    if (next === "late") return isAtDevice ? "stuck" : "late";
    if (next === "ended") return isAtDevice ? "died" : "gone";
    if (!next.line.startsWith(OPENING)) return parseResult(next.line) ?? "died";
    isAtDevice = true;
  }
}

/** What a child says next that is at a device; `late` where the device keeps it too long. */
async function nextFromDevice(
  child: Child,
  { deadlineMs, reachMs }: Required<Pick<WorkerOptions, "deadlineMs" | "reachMs">>,
): ReturnType<Child["next"]> {
  const isAtItself = watchOwnWork(child.pid);
  const stepMs = deadlineMs / LOOKS;
  let waits = 0;
  for (let totalMs = stepMs;; totalMs += stepMs) {
    const next = await child.next(stepMs);
    if (next !== "late") return next;
    if (!isAtItself()) waits++;
    if (waits === LOOKS || totalMs >= Math.max(reachMs, deadlineMs)) return "late";
  }
}

/** A line as a result, null where it is none. */
function parseResult(line: string): WorkerResult | null {
  try {
    return readAs<WorkerResult>(WorkerResult, JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

function lost(task: WorkerTask, trouble: Trouble, deadlineMs: number): WorkerResult {
  const subject = subjectOf(task);
  const sentence = {
    stuck: `${subject} did not answer within ${deadlineMs} ms`,
    late: `${subject} was not asked: the process for it did not come to it in time`,
    died: `The process that asked ${subject} died`,
    gone: `The process that was to ask ${subject} died`,
    stopped: `${subject} was not asked: vfio-ask is stopping`,
  }[trouble];
  const remedy = trouble === "late"
    ? "Try again when the host is less busy."
    : "Look for a message about it in the kernel's log (dmesg).";
  return workerResult(trouble === "stuck" ? "stuck" : "failed", { sentence, remedy });
}

/** The name of what a task is done on. */
function subjectOf(task: WorkerTask): string {
  switch (task.do) {
    case "test-version":
      return task.attribute;
    case "probe":
    case "recover":
      return task.device;
    default:
      return "device" in task.target
        ? task.target.device
        : `${task.target.type} on ${task.target.parent}`;
  }
}
