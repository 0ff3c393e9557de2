import type * as z from "zod/mini";
import { jsonPointer } from "./json_pointer.ts";
import { describeIssue, type Issue, MAX_ISSUES, type ReadAs, readAs } from "./read_as.ts";
import { Device, DeviceType, type Snapshot } from "./snapshot.ts";
import { MERGED, type Shared, SnapshotDocument, TABLES } from "./snapshot_document.ts";

/**
 * Reads a snapshot from its document. Shared parts of devices and types are one object in memory too. A key that is not
 * in its table is an issue. So is a field that is missing both in an entry and in the entry named by `like`. Pure.
 */
export function readSnapshot(document: unknown): ReadAs<Snapshot> {
  const read = readAs<SnapshotDocument>(SnapshotDocument, document);
  if (read.issues !== undefined) return read;
  const { shared = {}, devices, types, ...rest } = read.data;
  const issues: Issue[] = [];
  const link = (list: "devices" | "types", entries: Entry[], shape: z.core.$ZodShape) => {
    const linking = { shared, list, whole: wholeFields(shape), issues };
    return entries.map((entry, index) => linkEntry(entry, { ...linking, path: [list, index] }));
  };
  const snapshot = {
    ...rest,
    devices: link("devices", devices, Device._zod.innerType.shape) as unknown as Device[],
    types: link("types", types, DeviceType._zod.innerType.shape) as unknown as DeviceType[],
  } as Snapshot;
  const [first, ...others] = issues;
  return first === undefined
    ? { data: snapshot }
    : { issues: [first, ...others.slice(0, MAX_ISSUES - 1)] };
}

/** Reads a snapshot as {@link readSnapshot} does. Throws an error that names the first issue. */
export function parseSnapshot(document: unknown): Snapshot {
  const { data, issues } = readSnapshot(document);
  if (data !== undefined) return data;
  throw new TypeError(`Cannot read the snapshot: ${describeIssue(issues[0])}`);
}

/** A device or a type in the document. */
type Entry = Record<string, unknown>;

/** An entry with all its fields. Keys of tables are replaced by their values. */
function linkEntry(
  { like, ...own }: Entry,
  { shared, list, whole, path, issues }: {
    shared: Shared;
    list: "devices" | "types";
    whole: WholeFields;
    path: PropertyKey[];
    issues: Issue[];
  },
): Entry {
  const find = (table: keyof Shared, key: string, field: string): unknown => {
    const entries = shared[table];
    if (entries !== undefined && Object.hasOwn(entries, key)) return entries[key];
    issues.push({
      pointer: jsonPointer([...path, field]),
      value: key,
      detail: `expected a key of shared.${table}`,
    });
    return undefined;
  };
  const base = typeof like === "string" ? find(list, like, "like") : undefined;
  const { like: _, ...template } = base as Entry ?? {};
  const entry: Entry = { ...template, ...own };
  for (const field of MERGED) {
    const [common, rest] = [template[field], own[field]];
    if (common && rest) entry[field] = { ...common, ...rest };
  }
  for (const [field, table] of Object.entries(TABLES)) {
    const value = entry[field];
    if (typeof value === "string") entry[field] = find(table, value, field);
  }
  if (entry.sysfs === undefined && entry.directory !== undefined) {
    entry.sysfs = `${entry.directory}/${entry.id}`;
    delete entry.directory;
  }
  if (like !== undefined && base === undefined) return entry;
  for (const field of whole.required) {
    if (entry[field] === undefined) {
      issues.push({
        pointer: jsonPointer([...path, field]),
        detail: "expected in a complete entry",
      });
    }
  }
  for (const [field, schema] of whole.merged) {
    if (entry[field] === undefined) continue;
    issues.push(...readAs(schema, entry[field], [...path, field]).issues ?? []);
  }
  return entry;
}

/** What can be checked only in a complete entry. */
interface WholeFields {
  required: string[];
  merged: [field: string, schema: z.core.$ZodType][];
}

function wholeFields(shape: z.core.$ZodShape): WholeFields {
  return {
    required: Object.keys(shape).filter((field) => shape[field]!._zod.optin === undefined),
    merged: MERGED.flatMap((field) => shape[field] === undefined ? [] : [[field, shape[field]]]),
  };
}
