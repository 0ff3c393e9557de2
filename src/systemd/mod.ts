/**
 * The systemd service: notifications, and the unit file.
 *
 * Question: how does an administrator run this as a service that restarts, reports its state, and has only the rights
 * it needs? Choice: Type=notify over the notify socket, a watchdog fed by the event loop, and units printed by the
 * binary itself, so that they always match. The server that listens has no privileges; a worker that systemd starts for
 * each of its connections has them. Given up: socket activation of the server, which Deno does not support.
 *
 * @module
 */
export * from "./service.ts";
export * from "./unit.ts";
