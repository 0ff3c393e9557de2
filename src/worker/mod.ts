/**
 * The child's side: does tasks on devices.
 *
 * Question: how are devices opened without a hang or a death of the program that answers? Choice: only this folder imports
 * what opens devices, and only the command `worker` runs it, in a process of its own. A task never throws: what goes wrong
 * is its outcome. A device that may leave RUNNING is in the journal before, and an mdev that is made for a test is removed
 * whatever comes of the test. Given up: two devices at once.
 *
 * @module
 */
export * from "./run_task.ts";
export * from "./world.ts";
