/**
 * Access to what needs privileges: the holders of devices, tasks that open devices, what is saved about them, and the
 * ledger of outcomes.
 *
 * Question: who may do what needs root? Choice: one interface with two implementations. A command that root runs has
 * the privileges itself, and starts a worker as its child. The server of the service has none: it sends requests to
 * the worker service, which checks each request against its own configuration, and only then does it with the first
 * implementation. Both sides judge by the same functions what may be tested. Requests have numbers, so that the holders
 * are still known while a driver hangs. The virtual machines are read on the privileged side, and only what was
 * understood is sent: no command lines, and no XML with a password. Given up: a choice of what the server may see. What
 * it asks is harmless to read; what it can be made to do is bounded by the worker's configuration. An outcome is checked
 * against its schema again; the worker cannot know whether it is true.
 *
 * @module
 */
export * from "./access.ts";
export * from "./policy.ts";
export * from "./run_tasks.ts";
export * from "./connect_access.ts";
export * from "./permit.ts";
export * from "./serve_access.ts";
