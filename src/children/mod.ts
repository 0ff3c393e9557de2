/**
 * The parent's side of the worker: its process, its deadlines.
 *
 * Question: how does the parent control the child? Choice: one protocol for everything that opens a device. The
 * command `worker` reads tasks as JSON lines on its standard input and prints one result for each. Before the result,
 * it prints `{"opening":…}` when it is about to enter the kernel: the deadline starts then. The `Worker` in the
 * `World` is the parent's side. It starts the child at the first task, sends one task at a time, so that no task
 * waits in the child, and starts another child if one hangs or dies. So a command usually starts one child at most,
 * and a server keeps its child for a while between tasks. The child has its own pipes, so that a child that is stuck
 * in the kernel does not keep files of the parent open. Given up: asking two devices at once, which the lock of the
 * state directory forbids anyway.
 *
 * @module
 */
export * from "./child.ts";
export * from "./own_work.ts";
export * from "./run_program.ts";
export * from "./worker.ts";
