import { jsonPointer, type Problem, type RulesFile } from "../identity/mod.ts";
import { checkRules } from "./parse_rules.ts";

/** The files of rules of a snapshot that can be used, and a problem for each of the others. */
export interface SnapshotRules {
  rules: RulesFile[];
  problems: Problem[];
}

/**
 * Reads the files of rules inside a snapshot, each as a file in a directory of rules is read: one with an error is left
 * out and told. Pure.
 */
export function readSnapshotRules(files: readonly unknown[]): SnapshotRules {
  const read: SnapshotRules = { rules: [], problems: [] };
  for (const [index, file] of files.entries()) {
    const { name, path, document } = (file ?? {}) as Record<string, unknown>;
    if (typeof name !== "string" || typeof path !== "string") {
      read.problems.push(refused(`rules[${index}]`, "", "a file of rules has a name and a path"));
      continue;
    }
    const { document: rules, errors } = checkRules(document);
    if (errors === undefined) read.rules.push({ ...file as RulesFile, document: rules });
    else {read.problems.push(
        refused(
          name,
          jsonPointer(["rules", index, "document"]) + errors[0]!.path,
          errors[0]!.reason,
        ),
      );}
  }
  return read;
}

function refused(subject: string, pointer: string, reason: string): Problem {
  return {
    code: "rules-refused",
    subject,
    sentence: `Cannot use the rules ${subject} of the snapshot: ${
      pointer === "" ? "" : `${pointer}: `
    }${reason}`,
    remedy: "Take the snapshot again, or mend the file with vfio-ask rules check.",
  };
}
