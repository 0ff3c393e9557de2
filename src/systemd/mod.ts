/**
 * The systemd service: notifications, the log, and the unit file.
 *
 * Question: how does an administrator run this as a service that restarts, reports its state, and has only the rights
 * it needs? Choice: Type=notify over the notify socket, a watchdog fed by the event loop, and units printed by the
 * binary itself, so that they always match. The server that listens has no privileges; a worker that systemd starts for
 * each of its connections has them. Given up: socket activation of the server, which Deno does not support.
 *
 * Question: how does the journal get messages with levels and fields? Choice: lines on standard error with priorities
 * (`<4>`) and `key=value`, which work with every log of a service manager and need no socket. On a terminal they are
 * plain text. Given up: the journal's own protocol, whose fields could be filtered, but whose messages are lost while
 * the journal restarts.
 *
 * @module
 */
export * from "./fragments.ts";
export * from "./log.ts";
export * from "./service.ts";
export * from "./unit.ts";
