import { CHANGES_SCHEMA, type Device, type DeviceType, type Snapshot } from "../documents/mod.ts";

/** What is new, different and gone in a list. Entries are whole, so a client replaces its own. */
interface ListChanges<T, K> {
  added: T[];
  changed: T[];
  removed: K[];
}

/** What changed from one snapshot to the next. */
export interface Changes {
  schema: typeof CHANGES_SCHEMA;
  /** The later snapshot. */
  snapshot: number;
  takenAt: string;
  devices: ListChanges<Device, string>;
  types: ListChanges<DeviceType, Pick<DeviceType, "parent" | "type">>;
  /** Whether the name, kernel or facts of the host changed, the problems, or the rules. */
  hostChanged: boolean;
  problemsChanged: boolean;
  rulesChanged: boolean;
}

/**
 * What changed between two snapshots of the same view. Unchanged parts must be the same objects in both, as the view
 * keeps them. Pure.
 */
export function listChanges(before: Snapshot, after: Snapshot): Changes {
  return {
    schema: CHANGES_SCHEMA,
    snapshot: after.snapshot,
    takenAt: after.takenAt,
    devices: compare(before.devices, after.devices, ({ id }) => id),
    types: compare(before.types, after.types, ({ parent, type }) => ({ parent, type })),
    hostChanged: before.host !== after.host,
    problemsChanged: before.problems !== after.problems,
    rulesChanged: before.rules !== after.rules,
  };
}

/** How many devices and types the changes hold. */
export function countChanges({ devices, types }: Changes): number {
  return [devices, types].reduce(
    (sum, { added, changed, removed }) => sum + added.length + changed.length + removed.length,
    0,
  );
}

function compare<T extends object, K>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (entry: T) => K,
): ListChanges<T, K> {
  const changes: ListChanges<T, K> = { added: [], changed: [], removed: [] };
  if (before === after) return changes;
  const nameOf = (entry: T) => JSON.stringify(keyOf(entry));
  const earlier = new Map(before.map((entry) => [nameOf(entry), entry]));
  for (const entry of after) {
    const name = nameOf(entry);
    const was = earlier.get(name);
    earlier.delete(name);
    if (was === undefined) changes.added.push(entry);
    else if (was !== entry) changes.changed.push(entry);
  }
  changes.removed.push(...earlier.values().map(keyOf));
  return changes;
}
