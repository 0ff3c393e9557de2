/**
 * The systemd service: notifications, and the unit file.
 *
 * Question: how does an administrator run this as a service that restarts, reports its state, and has only the rights
 * it needs? Choice: Type=notify over the notify socket, a watchdog fed by the event loop, and a unit printed by the
 * binary itself, so that they always match. Given up: socket activation, which Deno does not support, and packages,
 * which can use the same unit later.
 *
 * @module
 */
export * from "./service.ts";
export * from "./unit.ts";
