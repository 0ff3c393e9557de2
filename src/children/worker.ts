import { type Child, startChild } from "./child.ts";
import { readAs } from "../documents/mod.ts";
import { watchOwnWork } from "./own_work.ts";
import { WorkerResult, workerResult, type WorkerTask } from "../tasks/mod.ts";

/** How long an idle worker is kept for the next task before it is ended to free its memory. */
export const WORKER_IDLE_MS = 60_000;

/**
 * How long a worker may take until it opens a device: to start, and to read sysfs. The device is not responsible for a
 * busy machine, so its deadline starts only when it is opened.
 */
export const REACH_MS = 120_000;

/** How often, within the deadline of a device, to check whether the child waits for the device. */
const LOOKS = 20;

/** How long one device may take to answer. */
export const DEADLINE_MS = 10_000;

const OPENING = '{"opening":';

/** The line that a worker prints when it is about to enter the kernel for a device. */
export function openingLine(device: string): string {
  return `${JSON.stringify({ opening: device })}\n`;
}

/**
 * Runs tasks that may hang or crash in a driver in a child process: this program's command `worker`. The child is
 * started for the first task, kept for the next ones, and ended when it has been idle for a while, or when this is
 * disposed of.
 */
export interface Worker extends AsyncDisposable {
  /** The running child processes. They do not count as holders of devices. */
  readonly pids: ReadonlySet<number>;
  /**
   * Runs a task after the earlier ones. If the child exceeds the deadline, it is killed and the result is `stuck`; if
   * it dies, the result is `failed`. The next task then starts another child. Effect: that of the task, see
   * `runTask`. Throws a `Failure` if no child can be started.
   */
  run(task: WorkerTask, options?: { signal?: AbortSignal | undefined }): Promise<WorkerResult>;
}

export interface WorkerOptions {
  /**
   * How long a task may wait or work in the kernel, from its {@link openingLine} on. The child's own work and its
   * wait for a CPU do not count, up to `reachMs` in total.
   */
  deadlineMs: number;
  reachMs?: number;
  idleMs?: number;
}

/**
 * A worker whose children are started with `command`. Effect: none before its first task.
 *
 * ```ts
 * import { openWorker } from "./mod.ts";
 *
 * await using worker = openWorker(["/usr/local/bin/vfio-ask", "worker"], { deadlineMs: 10_000 });
 * const { outcome, sentence } = await worker.run({ do: "probe", device: "0000:41:00.1", path: "any" });
 * console.log(outcome, sentence);
 * ```
 */
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
      // The child died while it was idle and has not begun this task.
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

/**
 * Why there is no result: the child hangs in a device (`stuck`), did not open it in time (`late`), died in it
 * (`died`) or before it (`gone`), or was stopped.
 */
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

/** The next line of a child that has opened a device; `late` if the device exceeds its deadline. */
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

/** Parses a result; null for any other line. */
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
    late: `${subject} was not opened: the worker process did not get to it in time`,
    died: `The worker process died while it used ${subject}`,
    gone: `The worker process died before it opened ${subject}`,
    stopped: `${subject} was not asked: vfio-ask is stopping`,
  }[trouble];
  const remedy = trouble === "late"
    ? "Try again when the host is less busy."
    : "Look for a message about it in the kernel log (dmesg).";
  return workerResult(trouble === "stuck" ? "stuck" : "failed", { sentence, remedy });
}

/** The name of the device, type or attribute of a task. */
function subjectOf(task: WorkerTask): string {
  switch (task.do) {
    case "repair":
      return task.device;
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
