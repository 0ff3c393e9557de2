/**
 * Write and ask over HTTP on this machine.
 *
 * Question: how do programs ask? Choice: sessions pinned to a snapshot, so that concurrent users do not
 * race, and the same in one request; one route table; one door that checks Host, Origin and size before any
 * route; every error an RFC 9457 problem that names field, value and remedy. Sources of like devices differ in no more than
 * names: what is answered to one is remembered for the others, as long as the host looks the same, and written once.
 * Given up: authentication. The
 * server listens on loopback or on a Unix socket only, tells nothing that a local user could not read in
 * sysfs, and changes nothing on the host but that it may open idle devices, as its operator set it up.
 *
 * @module
 */
export * from "./app.ts";
export * from "./listen.ts";
export * from "./once_per_turn.ts";
export * from "./problem.ts";
export * from "./sessions.ts";
