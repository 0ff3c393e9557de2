/**
 * The state directory.
 *
 * Question: what must outlive a process? Choice: the answers of devices, by class and by device, for one load of
 * their drivers; a journal of devices that may have left RUNNING, synced to disk before they do; the controls that a
 * driver has passed; and one lock, so that two processes never open devices at once. Each is a small file that is
 * replaced or locked as a whole. Given up: a database, and state across a boot, because drivers and firmware may have
 * changed.
 *
 * @module
 */
export * from "./add_answers.ts";
export * from "./controls.ts";
export * from "./device_class.ts";
export * from "./journal.ts";
export * from "./observations.ts";
export * from "./state_file.ts";
