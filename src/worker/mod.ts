/**
 * The child's side of the worker: does tasks on devices.
 *
 * Question: how are devices opened so that a hang or a crash cannot harm the program that answers? Choice: only this
 * folder imports the code that opens devices, and only the command `worker` runs it, in a process of its own. A task
 * never throws: an error is an outcome. A device is written to the journal before it may leave RUNNING. A temporary
 * mdev is removed even if its test fails. An mdev that is removed to be created again is in the journal until it is
 * there. Given up: two devices at once.
 *
 * @module
 */
export * from "./run_task.ts";
export * from "./world.ts";
