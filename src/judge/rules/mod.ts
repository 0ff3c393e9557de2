/**
 * What vendors and operators know beyond the type: rule files, pure data.
 *
 * Question: which rule, if any, applies to a source and a configuration? Choice: rules are JSON tables, one file per
 * vendor. As in a packet filter, the first target that matches a pair decides, over all targets of all rules in drop-in
 * order. An operator's file in front can therefore change a vendor's rule without repeating it. Conditions compare only
 * declared facts and answer yes, no or unknown. A file with an error, such as an unknown key, is refused as a whole,
 * because half a rule could accept what the whole rule refuses. Given up: expressions, scripts, and any look into
 * opaque versions.
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
