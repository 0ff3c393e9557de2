/**
 * What vendors and operators know beyond the type: files of rules, pure data.
 *
 * Question: for a source and a configuration, does a vendor or an operator have a word on them, and which?
 * Choice: rules are tables in JSON, one vendor a file; of all targets of all rules, in drop-in order, the first that
 * speaks of a pair decides, as a packet filter's do, so that an operator's file in front changes a vendor's
 * word without repeating it; conditions compare declared facts only and answer yes, no or not known. A file
 * with one mistake is refused whole, unknown keys among the mistakes, since half a rule could say yes
 * where the whole says no. Given up: expressions, scripts, and any look into opaque versions.
 *
 * @module
 */
export * from "./condition.ts";
export * from "./declared_depth.ts";
export * from "./fact.ts";
export * from "./judge_rule.ts";
export * from "./parse_rules.ts";
export * from "./prepare_rules.ts";
export * from "./read_snapshot.ts";
export * from "./shipped_rules.ts";
export * from "./snapshot_rules.ts";
export * from "./type_pattern.ts";
export * from "./version.ts";
export * from "./version_range.ts";
