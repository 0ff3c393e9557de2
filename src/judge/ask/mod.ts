/**
 * The judgement, pure: no clock, no file, no network.
 *
 * Question: given a snapshot of a host and the identity of a source, which configurations of the host can
 * take the source's migration, in which order, and why not the others? Choice: every configuration is
 * held against every check, and all that fail are told at once; what cannot be known makes the verdict
 * unknown, not a guess either way. The type is the filter that everybody may apply; opaque versions are
 * never looked into. What is alike is judged once, and refused in one entry: on a large host a few reasons hold for hundreds
 * of configurations, and nobody reads them hundreds of times. Given up: judging by vendor ids or by version numbers, which only a vendor can, by a rule.
 *
 * @module
 */
export * from "./ask.ts";
export * from "./availability.ts";
export { SUBSYSTEM_MODES, type SubsystemMode } from "./conclude.ts";
export { type Candidate, listCandidates } from "./configurations.ts";
export * from "./group_refusals.ts";
export * from "./host_index.ts";
export * from "./judge_driver.ts";
export * from "./judge_version.ts";
export * from "./order.ts";
export * from "./sharing.ts";
export * from "./supported.ts";
export * from "./test_result.ts";
