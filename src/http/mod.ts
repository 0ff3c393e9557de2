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
 * Question: what does a reader see while tests are made or another source is written? Choice: what a reader asks is one
 * object that nothing changes; a new source is a new object. Tests are made when somebody reads, one class after the
 * other, once for all readers, and stop when nobody waits for them. As lines, offers come in their final order: each one
 * as soon as nothing better can come. Given up: showing offers early whose rank may still change, and tests that run
 * without a reader.
 *
 * Question: what about clients that connect and send nothing? Choice: they are left alone. Each costs a descriptor and
 * 9 KiB, so the limit of open files (`LimitNOFILE=`) bounds them. When it is reached, Deno closes the listener; it is
 * opened again within seconds, with the same sessions. A client on this machine can therefore refuse the service to
 * others while it holds its connections. Given up: a time limit for heads, which Deno does not have, and an HTTP server
 * of our own.
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
