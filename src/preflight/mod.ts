/**
 * Write and test through the driver: hands a source's initial data to a target's driver and takes its verdict.
 *
 * Question: would this target's driver take that source's stream? Choice: the driver's own word is the only
 * one that counts, and it is the errno of a write to the data that resume (v2), or of the write of `data_size`
 * or the error state read back (v1); not the end of resuming, which short data always fail. What is to be
 * done is planned first, pure, and run then; whatever happens, the way back is a reset, so that nothing
 * of a source is ever loaded, and a device that cannot be brought back is said to need one. Given up: the
 * device state beyond the initial data, which some drivers keep over a reset once it is loaded.
 *
 * @module
 */
export * from "./plan.ts";
export * from "./read_initial_data.ts";
export * from "./test_target.ts";
export * from "./verdict.ts";
