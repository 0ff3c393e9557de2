import {
  describeIssue,
  jsonPointer,
  type Problem,
  readAs,
  RulesFile,
} from "../../documents/mod.ts";
import { checkRules } from "./parse_rules.ts";
import { isSameJson } from "./same_json.ts";

/** The valid rule files of a snapshot, and a problem for each invalid one. */
export interface SnapshotRules {
  rules: RulesFile[];
  problems: Problem[];
}

/** Rule files that were read before, by name. */
export type KnownRules = Map<string, RulesFile[]>;

/** How many different files of the same name are kept. */
const MOST_KEPT = 8;

/**
 * Reads the rule files in a snapshot like those in a directory: files with errors are left out and reported. A file
 * that equals one in `known` is not read again. Newly read files are added to `known`.
 */
export function readSnapshotRules(
  files: readonly unknown[],
  known: KnownRules = new Map(),
): SnapshotRules {
  const read: SnapshotRules = { rules: [], problems: [] };
  for (const [index, file] of files.entries()) {
    const { name, path, document } = (file ?? {}) as Record<string, unknown>;
    if (typeof name !== "string" || typeof path !== "string") {
      read.problems.push(refused(`rules[${index}]`, "a rule file needs a name and a path"));
      continue;
    }
    const kept = known.get(name) ?? [];
    const same = kept.find((other) => isSameJson(other, file));
    const rules = same ?? readFile(file, document, index);
    if (typeof rules === "string") {
      read.problems.push(refused(name, rules));
      continue;
    }
    read.rules.push(rules);
    if (same === undefined) known.set(name, [rules, ...kept].slice(0, MOST_KEPT));
  }
  return read;
}

/** A rule file, or its first error. */
function readFile(file: unknown, document: unknown, index: number): RulesFile | string {
  const { errors } = checkRules(document);
  if (errors !== undefined) {
    return `${jsonPointer(["rules", index, "document"])}${errors[0]!.path}: ${errors[0]!.reason}`;
  }
  const { data, issues } = readAs<RulesFile>(RulesFile, file, ["rules", index]);
  return issues === undefined ? data : describeIssue(issues[0]);
}

function refused(subject: string, what: string): Problem {
  return {
    code: "rules-refused",
    subject,
    sentence: `Cannot use the rules ${subject} of the snapshot: ${what}`,
    remedy: "Take the snapshot again, or fix the errors that vfio-ask rules check reports.",
  };
}
