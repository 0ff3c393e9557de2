/**
 * Tests of targets, initial data of sources, and putting right what a test left.
 *
 * Question: which devices are tested for a source, and which may be? Choice: the operator's policy decides which devices
 * may be opened; one device, or an mdev made for the purpose, speaks for each class of candidates; results are kept as
 * long as the snapshot's devices are the same. Devices that a killed process left in another state than RUNNING are reset,
 * as often as it takes. Given up: testing every candidate by itself.
 *
 * @module
 */
export * from "./keep_journal.ts";
export * from "./policy.ts";
export * from "./preflight.ts";
export * from "./recover.ts";
export * from "./source_data.ts";
