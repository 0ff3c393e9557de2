/**
 * The service: what systemd is told, and the unit that it starts.
 *
 * Question: how does an administrator run this as a service that restarts, says how it is, and may do no
 * more than it must? Choice: Type=notify over the notify socket, a watchdog fed by the event loop, and a unit
 * printed by the binary itself, so that the two never differ. Given up: socket activation, which Deno
 * cannot take, and packages, which can come later with the same unit.
 *
 * @module
 */
export * from "./service.ts";
export * from "./unit.ts";
