import type { Snapshot } from "./snapshot.ts";
import { MERGED, type SnapshotDocument, TABLES } from "./snapshot_document.ts";

/** A device or a type as in JSON: its existing fields by name. */
type Entry = Record<string, unknown>;

/** The document of a snapshot, with equal parts only once. `readSnapshot` restores the snapshot. Pure. */
export function shareSnapshot(snapshot: Snapshot): SnapshotDocument {
  const { schema, snapshot: number, takenAt, host, rules, outcomes, problems } = snapshot;
  const devices = shareFields(snapshot.devices.map((device) => withDirectory(fieldsOf(device))), {
    alike: ["kind", "type", "parent"],
    letter: "d",
  });
  const types = shareFields(snapshot.types.map(fieldsOf), { alike: ["kind", "type"], letter: "t" });
  const parts = shareParts(
    [devices, types].flatMap(({ table, entries }) => [...Object.values(table), ...entries]),
  );
  const shared = { ...parts, devices: devices.table, types: types.table };
  const used = Object.entries(shared).filter(([, table]) => Object.keys(table).length > 0);
  return {
    schema,
    snapshot: number,
    takenAt,
    host,
    ...(used.length === 0 ? {} : { shared: Object.fromEntries(used) }),
    devices: devices.entries,
    types: types.entries,
    rules,
    ...(outcomes === undefined ? {} : { outcomes }),
    problems,
  } as SnapshotDocument;
}

/** The document of a snapshot as text: each device, type, shared part and rules file on one line. */
export function formatSnapshot(snapshot: Snapshot): string {
  const fields = Object.entries(shareSnapshot(snapshot)).map(([name, value]) =>
    `  ${JSON.stringify(name)}: ${formatLines(value, name === "shared" ? 2 : 1, "  ")}`
  );
  return `{\n${fields.join(",\n")}\n}\n`;
}

function formatLines(value: unknown, depth: number, indent: string): string {
  if (depth === 0 || typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((item) => inner + formatLines(item, depth - 1, inner))
    : Object.entries(value).map(([key, item]) =>
      `${inner}${JSON.stringify(key)}: ${formatLines(item, depth - 1, inner)}`
    );
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return lines.length === 0 ? open! + close : `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}

function fieldsOf(entry: object): Entry {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
}

/** Replaces a `sysfs` path that ends in the device's id by its directory, which other devices share. */
function withDirectory({ sysfs, ...device }: Entry): Entry {
  const end = `/${device.id}`;
  return typeof sysfs === "string" && sysfs.endsWith(end) && !("directory" in device)
    ? { ...device, directory: sysfs.slice(0, -end.length) }
    : { ...device, sysfs };
}

/** Undoes {@link withDirectory}. */
function withSysfs({ directory, ...entry }: Entry): Entry {
  if (directory === undefined) return entry;
  return "sysfs" in entry
    ? { ...entry, directory }
    : { ...entry, sysfs: `${directory}/${entry.id}` };
}

/**
 * Moves common fields of entries into a table. Among entries with the same `alike` fields, the table gets the most
 * frequent value of each field that all have. An entry keeps what differs.
 */
function shareFields(
  entries: readonly Entry[],
  { alike, letter }: { alike: readonly string[]; letter: string },
): { table: Record<string, Entry>; entries: Entry[] } {
  const groups = Map.groupBy(entries, (entry) => textOf(alike.map((field) => entry[field])));
  const table: Record<string, Entry> = {};
  const shared = new Map<Entry, Entry>();
  for (const members of groups.values()) {
    const common = members.length === 1 ? {} : commonFields(members);
    const fields = Object.keys(common);
    if (fields.length === 0) continue;
    const like = `${letter}${Object.keys(table).length + 1}`;
    table[like] = common;
    for (const member of members) shared.set(member, { like, ...ownFields(member, common) });
  }
  return { table, entries: entries.map((entry) => shared.get(entry) ?? withSysfs(entry)) };
}

/** The most frequent value of each field that all members have, if at least two have that value. */
function commonFields(members: readonly Entry[]): Entry {
  const common: Entry = {};
  for (const field of Object.keys(members[0]!)) {
    if (!members.every((member) => field in member)) continue;
    const values = members.map((member) => member[field]);
    if (isMerged(field) && values.every(isObject)) {
      const names = new Set(values.map((value) => Object.keys(value).sort().join()));
      if (names.size === 1) common[field] = commonFields(values);
      continue;
    }
    const alike = Map.groupBy(values, textOf);
    const most = [...alike.values()].reduce((a, b) => b.length > a.length ? b : a);
    // Null and an object cannot be merged.
    if (most.length > 1 && !(isMerged(field) && alike.size > 1)) common[field] = most[0];
  }
  return common;
}

/** The fields of an entry that are not in the common part. */
function ownFields(entry: Entry, common: Entry): Entry {
  const own: Entry = {};
  for (const [field, value] of Object.entries(entry)) {
    const shared = common[field];
    if (isMerged(field) && isObject(value) && isObject(shared)) {
      const rest = ownFields(value, shared);
      if (Object.keys(rest).length > 0) own[field] = rest;
    } else if (!Object.hasOwn(common, field) || textOf(shared) !== textOf(value)) {
      own[field] = value;
    }
  }
  return own;
}

function isMerged(field: string): boolean {
  return (MERGED as readonly string[]).includes(field);
}

function isObject(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Moves parts that occur more than once into tables, and leaves their keys in the entries. */
function shareParts(entries: readonly Entry[]): Record<string, Entry> {
  const tables: Record<string, Entry> = { drivers: {}, migrations: {}, pciConfigs: {} };
  const holders = Map.groupBy(
    entries.flatMap((entry) =>
      Object.entries(TABLES).flatMap(([field, table]) =>
        typeof entry[field] === "object" && entry[field] !== null ? [{ entry, field, table }] : []
      )
    ),
    ({ entry, field, table }) => `${table} ${textOf(entry[field])}`,
  );
  for (const alike of holders.values()) {
    if (alike.length === 1) continue;
    const { entry: first, field: name, table } = alike[0]!;
    const key = freeKey(tables[table]!, first[name]);
    tables[table]![key] = first[name];
    for (const { entry, field } of alike) entry[field] = key;
  }
  return tables;
}

/** The key of a part: the name of a driver, a number for other parts. */
function freeKey(table: Entry, part: unknown): string {
  const name = (part as { name?: unknown }).name;
  if (typeof name === "string" && !Object.hasOwn(table, name) && name !== "__proto__") return name;
  return `${typeof name === "string" ? `${name} ` : ""}${Object.keys(table).length + 1}`;
}

/** The texts of objects. Snapshots never change, so each is serialized once. */
const TEXTS = new WeakMap<object, string>();

/** A text that is the same for equal values, with the fields of objects in the same order. */
function textOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = TEXTS.get(value);
  if (known !== undefined) return known;
  // No other value starts like this.
  const text = `\0${JSON.stringify(value)}`;
  TEXTS.set(value, text);
  return text;
}
