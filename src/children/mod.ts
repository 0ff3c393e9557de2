/**
 * The parent's side of the worker: its process, its deadlines.
 *
 * Question: how is the child spoken to? Choice: one protocol for all that opens a device. The command `worker` reads
 * tasks as JSON lines on its standard input and prints a result for each, and before it `{"opening":…}` when it is
 * about to enter the kernel, from when its deadline counts. A `Worker` in the `World` is the parent's side: it starts
 * the child at the first task, hands it one task at a time, so that none waits in the child, and starts another where it
 * hangs or dies. A command thus starts one child at most, and a server keeps its child for a while between tasks. The
 * child has pipes of its own, so that one that is stuck in the kernel holds nothing of its parent's. Given up: two
 * devices asked at once, which the lock of the state directory forbids anyway.
 *
 * @module
 */
export * from "./child.ts";
export * from "./own_work.ts";
export * from "./run_worker.ts";
export * from "./worker.ts";
