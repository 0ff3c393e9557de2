import type { Device, DeviceType, Snapshot } from "../documents/mod.ts";
import type { Turns } from "../host/mod.ts";

/**
 * Numbers a new snapshot after an earlier one. With the same facts, it keeps the number and the cached test results of
 * the earlier one; otherwise it gets the next number. Unchanged parts are the objects of the earlier snapshot. Pure.
 */
export async function succeed(
  before: Snapshot,
  taken: Snapshot,
  turns: Turns,
): Promise<Snapshot> {
  const devices = await keepSame(before.devices, taken.devices, { key: ({ id }) => id, turns });
  const types = await keepSame(before.types, taken.types, { key: keyOfType, turns });
  const { takenAt } = taken;
  const now: Snapshot = {
    ...taken,
    snapshot: before.snapshot,
    host: same(before.host, taken.host),
    devices,
    types,
    rules: same(before.rules, taken.rules),
    ...(taken.outcomes === undefined ? {} : { outcomes: same(before.outcomes, taken.outcomes) }),
    problems: same(before.problems, taken.problems),
  };
  if (isEqual({ ...now, takenAt: "" }, { ...before, takenAt: "" })) return { ...before, takenAt };
  return { ...now, snapshot: before.snapshot + 1 };
}

/** The earlier one if both are equal. */
function same<T>(before: T | undefined, now: T): T {
  return before !== undefined && isEqual(before, now) ? before : now;
}

/** The entries, with equal ones replaced by the earlier objects; the earlier array if all are equal. */
async function keepSame<T extends Device | DeviceType>(
  before: T[],
  now: T[],
  { key, turns }: { key: (entry: T) => string; turns: Turns },
): Promise<T[]> {
  const earlier = new Map(before.map((entry) => [key(entry), entry]));
  const kept: T[] = [];
  for (const entry of now) {
    await turns.pause();
    const same = earlier.get(key(entry));
    kept.push(same !== undefined && isEqual(same, entry) ? same : entry);
  }
  const isSame = kept.length === before.length && kept.every((entry, i) => entry === before[i]);
  return isSame ? before : kept;
}

function keyOfType({ parent, type }: DeviceType): string {
  return `${parent} ${type}`;
}

/** Whether two values are equal as JSON. Identical objects are not compared field by field. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual(a[name], b[name]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
