/**
 * The HTTP API on this machine.
 *
 * Question: how do programs write a source and ask? Choice: sessions pinned to a snapshot, so that concurrent users do
 * not race, and the same in one request. One route table. One check of Host, Origin and size before routing. Every
 * error is an RFC 9457 problem that names field, value and remedy. Sources of the same kind differ only in their
 * names, so an answer is reused for the others while the host is unchanged, and its JSON text is generated once. Who
 * follows the host gets what changed as server-sent events: whole devices and types, because those are short and leave
 * nothing to merge. Given up: authentication. The server listens only on loopback or on a Unix socket, and shows only what a local user can
 * read in sysfs. It changes nothing on the host, except that it opens idle devices if its options allow this.
 *
 * @module
 */
export * from "./app.ts";
export * from "./event_streams.ts";
export * from "./listen.ts";
export * from "./once_per_turn.ts";
export * from "./problem.ts";
