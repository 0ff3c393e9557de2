/**
 * The judgement, pure: no clock, no file, no network.
 *
 * Question: given a snapshot of a host and the identity of a source, which configurations of the host can
 * take the source's migration, in which order, and why not the others? Choice: every configuration is
 * held against every check, and all that fail are told at once; what cannot be known makes the verdict
 * unknown, not a guess either way. The type is the filter that everybody may apply; opaque versions are
 * never looked into. Given up: judging by vendor ids or by version numbers, which only a vendor can, by a rule.
 *
 * @module
 */
export * from "./ask.ts";
export * from "./availability.ts";
export { type Candidate, listCandidates } from "./configurations.ts";
export * from "./host_index.ts";
export * from "./judge_driver.ts";
export * from "./judge_version.ts";
export * from "./order.ts";
export * from "./sharing.ts";
export * from "./supported.ts";
export * from "./test_result.ts";
