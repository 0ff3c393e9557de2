/**
 * The gate: libvirt's hook on the destination of a migration.
 *
 * Question: can the machine that comes in run here, and on which device? Choice: libvirt calls a hook before it starts
 * QEMU, with the machine's XML, in whose metadata the identities of its devices are. The service of this host judges
 * them within two seconds. A hook that fails stops every migration, so everything unexpected lets the migration pass,
 * with a line in the log that says why. Only a verdict stops one. Given up: calls of libvirt while the hook runs, which
 * could wait for each other.
 *
 * Question: who may have written an answer? Choice: a port of loopback can be taken by any user while the service is
 * not running. An answer may therefore only choose names, which are looked up below the host's own mdev parents; no
 * path of an answer is written to, and no token is sent.
 *
 * Question: what if a migration ends in the middle? Choice: what is made is written to a record first. The record is
 * removed with it when libvirt reports the failure, or by a follower that waits for the machine. Two migrations that
 * come in together cannot get one device, because a record claims its devices. Given up: the type of a vGPU that is set
 * in a virtual function, because nobody could undo it after a crash.
 *
 * @module
 */
export * from "./arrive.ts";
export * from "./ask_service.ts";
export * from "./decide.ts";
export * from "./end_arrival.ts";
export * from "./follow.ts";
export * from "./judge_arrival.ts";
export * from "./make_devices.ts";
export * from "./pair_devices.ts";
export * from "./records.ts";
export * from "./tag.ts";
