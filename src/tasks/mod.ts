/**
 * The tasks of a worker, and their results.
 *
 * Question: how do this program and its worker communicate? Choice: tasks and results are documents, one JSON line
 * each, with schemas that both sides use. Both sides use the same function to decide whether a device may be opened.
 * Given up: any other link between the two sides, so that the worker can run elsewhere, with other privileges.
 *
 * @module
 */
export * from "./may_open.ts";
export * from "./worker_tasks.ts";
