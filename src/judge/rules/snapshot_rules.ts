import {
  describeIssue,
  jsonPointer,
  type Problem,
  readAs,
  RulesFile,
} from "../../documents/mod.ts";
import { checkRules } from "./parse_rules.ts";
import { isSameJson } from "./same_json.ts";

/** The files of rules of a snapshot that can be used, and a problem for each of the others. */
export interface SnapshotRules {
  rules: RulesFile[];
  problems: Problem[];
}

/** Files of rules that were read before, by their names. */
export type KnownRules = Map<string, RulesFile[]>;

/** How many different files of one name are kept. */
const MOST_KEPT = 8;

/**
 * Reads the files of rules inside a snapshot, each as a file in a directory of rules is read: one with an error is left
 * out and told. One that is just as one in `known` is not read again: that one stands for it. Those that are read are
 * added there.
 */
export function readSnapshotRules(
  files: readonly unknown[],
  known: KnownRules = new Map(),
): SnapshotRules {
  const read: SnapshotRules = { rules: [], problems: [] };
  for (const [index, file] of files.entries()) {
    const { name, path, document } = (file ?? {}) as Record<string, unknown>;
    if (typeof name !== "string" || typeof path !== "string") {
      read.problems.push(refused(`rules[${index}]`, "a file of rules has a name and a path"));
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

/** A file of rules, or what is wrong with it. */
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
    remedy: "Take the snapshot again, or mend the file with vfio-ask rules check.",
  };
}
