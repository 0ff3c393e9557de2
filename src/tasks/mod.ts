/**
 * What a worker is asked to do on devices, and how it answers.
 *
 * Question: how is what opens devices spoken to? Choice: tasks and results are documents, one JSON line each, with schemas
 * that both sides read by; both sides decide by the same function whether a device may be opened. Given up: any other tie
 * between the two sides, so that the worker can run elsewhere, under other privileges.
 *
 * @module
 */
export * from "./may_open.ts";
export * from "./worker_tasks.ts";
