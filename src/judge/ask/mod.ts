/**
 * The judgement. It is pure: no clock, no file, no network.
 *
 * Question: given a snapshot of a host and the identity of a source, which configurations of the host can take the
 * source's migration, in which order, and why not the others? Choice: every configuration goes through every check,
 * and all failed checks are reported together. An open question makes the verdict unknown; nothing is guessed. The type
 * is the only filter without a rule. Opaque versions are never interpreted. Equal candidates are judged once and refused
 * in one entry, because on a large host the same few reasons apply to hundreds of configurations. Given up: judging by
 * vendor ids or version numbers. Only a vendor can do that, with a rule.
 *
 * Question: what do earlier migrations say? Choice: they are evidence only for a pair whose builds are all known and equal on
 * both sides. If all succeeded, that answers what is open about the drivers: nobody compares them, or a rule leaves it
 * to the firmware. It never overrides a refusal, an unknown fact that a rule needs, a version attribute, or what
 * QEMU compares and needs. If one failed for a reason of the device, the verdict is unknown, also where a rule accepts
 * the pair, until the driver itself passes a test. If one failed for another or an unknown reason, this is mentioned and
 * changes nothing. Given up: rates of success, which would need more migrations than anybody makes of one pair; and settings of
 * single devices that no driver declares.
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
export * from "./predict.ts";
export * from "./sharing.ts";
export * from "./supported.ts";
export * from "./test_result.ts";
