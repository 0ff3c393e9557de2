import {
  type DocumentKind,
  readDocument,
  readSnapshot,
  type RulesFile,
  type Snapshot,
  SNAPSHOT_SCHEMA,
} from "../../documents/mod.ts";
import { type KnownRules, readSnapshotRules } from "./snapshot_rules.ts";

const SNAPSHOT_DOCUMENT: DocumentKind<Snapshot> = {
  name: "snapshot",
  schema: SNAPSHOT_SCHEMA,
  read: readSnapshot,
  remedy: `Give a document of schema ${SNAPSHOT_SCHEMA}, as vfio-ask snapshot prints it.`,
};

/**
 * Makes a reader of snapshots. Invalid rule files are left out and reported as problems of the snapshot. Most hosts
 * have the same rules, so rules that equal those of an earlier snapshot are not read or stored again.
 *
 * Throws like {@link readDocument}.
 */
export function makeSnapshotReader(): (document: unknown) => Snapshot {
  const known: KnownRules = new Map();
  let last: RulesFile[] = [];
  return (document) => {
    const { rules, problems } = (document ?? {}) as Record<string, unknown>;
    if (!Array.isArray(rules) || !Array.isArray(problems)) {
      return readDocument(SNAPSHOT_DOCUMENT, document);
    }
    const read = readSnapshotRules(rules, known);
    const snapshot = readDocument(SNAPSHOT_DOCUMENT, {
      ...document as object,
      rules: [],
      problems: [...problems, ...read.problems],
    });
    const isLast = last.length === read.rules.length &&
      last.every((file, index) => file === read.rules[index]);
    if (!isLast) last = read.rules;
    return { ...snapshot, rules: last };
  };
}
