/**
 * The ledger of outcomes: what became of migrations.
 *
 * Question: which pairs of builds have migrated before, and how right were the answers? Choice: one file of
 * JSON lines in the state directory. An outcome is one line, written at once and synced. A lock keeps writers apart. A
 * line that a crash cut off is skipped and reported; the next one starts on a line of its own. The file is bounded: the
 * oldest entries go when it is full, by a new file under the old name. A snapshot has the sums for the builds that its
 * host has now, so that everything that judges a snapshot counts them, on another host too.
 *
 * Question: when are two migrations the same case? Choice: when all is equal that a verdict depends on, on both sides,
 * and none of it is unknown (`outcomeKey` in the documents). Equal versions of some parts are no evidence. Given up: any
 * guess which facts of a vendor matter.
 *
 * Question: who may add to it? Choice: who has the authority to test devices. The server of the service only reads the
 * file; the worker service checks each outcome again and writes it. Given up: proof of what a program reports. An entry
 * says where it is from.
 *
 * @module
 */
export * from "./calibrate.ts";
export * from "./cause_of.ts";
export * from "./ledger_file.ts";
export * from "./make_outcome.ts";
export * from "./tally.ts";
