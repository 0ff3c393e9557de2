/**
 * Tests of targets, initial data of sources, and recovery of devices after a test.
 *
 * Question: which devices are tested for a source, and which may be tested? Choice: the operator's policy decides
 * which devices may be opened. One device, or a temporary mdev, is tested for each class of candidates: the class with
 * the best possible offer first, each when the caller asks for it. Results are kept while the devices of the snapshot
 * stay the same. Devices that a killed process left in a state other than RUNNING are reset; a failed reset is tried
 * again. Given up: testing every single candidate.
 *
 * @module
 */
export * from "./keep_journal.ts";
export * from "./preflight.ts";
export * from "./recover.ts";
export * from "./source_data.ts";
