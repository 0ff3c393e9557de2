/**
 * The HTTP API on this machine.
 *
 * Question: how do programs write a source and ask? Choice: sessions pinned to a snapshot, so that concurrent users do
 * not race, and the same in one request. One route table. One check of Host, Origin and sizes before routing. Every
 * error is an RFC 9457 problem that names field, value and remedy, and is logged with the ID of the request. Sources of
 * the same kind differ only in their names, so an answer is reused for the others while the host is unchanged, and its
 * JSON text is generated once.
 *
 * Question: who may do what? Choice: everybody who reaches the server may ask, because it listens only on loopback or
 * on a Unix socket and shows only what a local user can read in sysfs. But loopback is not trust: a preflight opens
 * devices, and needs a bearer token or the Unix socket with a permitted caller. Given up: users and roles.
 *
 * @module
 */
export * from "./app.ts";
export * from "./authorise.ts";
export * from "./event_streams.ts";
export * from "./listen.ts";
export * from "./once_per_turn.ts";
export * from "./parameters.ts";
export * from "./problem.ts";
export * from "./refusal_log.ts";
