import type { Device, DeviceType, Snapshot } from "../documents/mod.ts";
import type { Turns } from "../host/mod.ts";

/**
 * A snapshot in succession to an earlier one: with the same facts it is that one, seen again, and keeps its number, and
 * what was tested of it; else the next. Whatever has not changed is the earlier object. Pure.
 */
export async function succeed(
  before: Snapshot,
  taken: Snapshot,
  turns: Turns,
): Promise<Snapshot> {
  const devices = await keepSame(before.devices, taken.devices, { key: ({ id }) => id, turns });
  const types = await keepSame(before.types, taken.types, { key: keyOfType, turns });
  const { takenAt } = taken;
  const now: Snapshot = { ...taken, snapshot: before.snapshot, devices, types };
  if (isEqual({ ...now, takenAt: "" }, { ...before, takenAt: "" })) return { ...before, takenAt };
  return { ...now, snapshot: before.snapshot + 1 };
}

/** Entries, each the earlier object where that is equal; the earlier array where all are. */
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

/** Whether two values are the same as JSON would write them; what is one object is not looked into. */
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
