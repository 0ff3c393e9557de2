import { type Problem, toProblem } from "../documents/mod.ts";
import {
  canChangeWhileBound,
  type Facts,
  findVfioDeviceAt,
  type HostRoots,
  inOrder,
  lastPart,
  listMdevParents,
  type MdevType,
  namesOfDevice,
  readDevice,
  readDeviceFacts,
  readMdevTypes,
  refreshDevice,
  type ScanCache,
  type SysfsDevice,
  type Turns,
  type VfioDevicePath,
  walkVfioDevices,
} from "../host/mod.ts";
import { type ChangedParts, changedParts } from "./changed_parts.ts";

/** A device as sysfs shows it, with the facts that it declares. */
export type FoundDevice = SysfsDevice & { facts: Facts };

/** The result of one scan. Parts that could not be read are problems. */
export interface HostScan {
  devices: FoundDevice[];
  mdevTypes: MdevType[];
  problems: Problem[];
  /** The files that this scan has read, for later reads of the same look. */
  cache: ScanCache;
}

/** What a scan reads. */
export interface ScanOptions {
  turns: Turns;
  nowMs: number;
  /** Reads everything again and reuses nothing from earlier scans. */
  whole?: boolean;
  /** Reads only what these paths below `/sys` name, and reuses the rest of the last scan. */
  changed?: ReadonlySet<string> | null;
}

/** Scans a host. */
export type ScanHost = (options: ScanOptions) => Promise<HostScan>;

/** A device at its last full read, and the names in its directory. */
interface Known {
  device: SysfsDevice;
  names: ReadonlySet<string>;
}

/** What was read in one place: nothing if there is a problem. */
interface Part<T> {
  found: T[];
  problems: Problem[];
}

/** The parts of one scan: devices by directory, types by parent. */
interface Parts {
  devices: Map<string, Part<FoundDevice> & { at: VfioDevicePath }>;
  types: Map<string, Part<MdevType>>;
  known: Map<string, Known>;
  /** The lists that could not be read. */
  problems: Problem[];
}

/** A driver may still add files to a device for so long after the device node appeared. */
const YOUNG_MS = 10_000;

const noParts = (): Parts => ({
  devices: new Map(),
  types: new Map(),
  known: new Map(),
  problems: [],
});

/**
 * Makes a scanner of a host. A later call reads a device in full only if it may have changed.
 *
 * Source: see {@link refreshDevice}. Read each time: the list of devices, their bindings and nodes, the attributes of
 * parents and types, the list of mdevs, and devices that {@link canChangeWhileBound}. Kept while a device stays bound:
 * the rest, once its node is ten seconds old. With `changed`, only what {@link changedParts} finds is read, in full.
 */
export function makeScanner(roots: HostRoots): ScanHost {
  let last: Parts | null = null;
  return async ({ turns, nowMs, whole = false, changed = null }) => {
    const before = last ?? noParts();
    const isPart = changed !== null && !whole && last !== null && before.problems.length === 0;
    const only = isPart ? changedParts(roots, changed) : null;
    const cache: ScanCache = new Map();
    const now = noParts();

    const keepDevice = (path: string): boolean => {
      const part = before.devices.get(path);
      if (only === null || part === undefined || !isUnchanged(part, only)) return false;
      now.devices.set(path, part);
      const known = before.known.get(path);
      if (known !== undefined) {
        now.known.set(path, known);
        cache.set(`names ${path}`, known.names);
      }
      return true;
    };
    const readOne = (at: VfioDevicePath): FoundDevice => {
      const { path } = at;
      const earlier = whole || isPart ? undefined : before.known.get(path);
      let device = earlier === undefined
        ? null
        : refreshDevice(roots, { known: earlier.device, path, cache });
      if (device === null || earlier === undefined) {
        device = readDevice(roots, at, cache);
        const names = namesOfDevice(cache, path);
        const { since } = device.nodes;
        const isYoung = since === null || nowMs - since < YOUNG_MS;
        if (!isYoung && !canChangeWhileBound(device, names)) now.known.set(path, { device, names });
      } else {
        cache.set(`names ${path}`, earlier.names);
        now.known.set(path, { ...earlier, device });
      }
      return { ...device, facts: readDeviceFacts(roots, device, path, cache) };
    };

    const listed: VfioDevicePath[] = [];
    try {
      const candidates = only === null
        ? walkVfioDevices(roots, cache)
        : walkChanged(roots, before, only);
      for (const found of candidates) {
        await turns.pause();
        if (found !== null) listed.push(found);
      }
    } catch (error) {
      now.problems.push(toProblem(error, "devices"));
    }
    for (const at of inOrder(listed)) {
      await turns.pause();
      if (keepDevice(at.path)) continue;
      now.devices.set(at.path, { at, ...attempt(lastPart(at.path), () => [readOne(at)]) });
    }
    const parents = attempt("mdev parents", () => listMdevParents(roots));
    now.problems.push(...parents.problems);
    const again = only?.parentsOf(parents.found);
    for (const parent of parents.found) {
      await turns.pause();
      const earlier = again?.has(parent) === false ? before.types.get(parent) : undefined;
      now.types.set(
        parent,
        earlier ?? attempt(parent, () => readMdevTypes(roots, parent, cache)),
      );
    }
    last = now;
    const parts = [...now.devices.values(), ...now.types.values()];
    return {
      devices: [...now.devices.values()].flatMap(({ found }) => found),
      mdevTypes: [...now.types.values()].flatMap(({ found }) => found),
      problems: [...now.problems, ...parts.flatMap(({ problems }) => problems)],
      cache,
    };
  };
}

/** Whether a part can be used again. One with a problem is read again. */
function isUnchanged({ found }: Part<FoundDevice>, only: ChangedParts): boolean {
  return found.length > 0 && !found.some(only.hasDevice);
}

/** The devices after a change: those of the last scan that still exist, and new ones. Null for each that is none. */
function* walkChanged(
  roots: HostRoots,
  { devices }: Parts,
  only: ChangedParts,
): Generator<VfioDevicePath | null> {
  for (const part of devices.values()) {
    yield isUnchanged(part, only) ? part.at : findVfioDeviceAt(roots, part.at.path);
  }
  for (const path of only.directories) {
    if (!devices.has(path)) yield findVfioDeviceAt(roots, path);
  }
}

function attempt<T>(subject: string, read: () => T[]): Part<T> {
  try {
    return { found: read(), problems: [] };
  } catch (error) {
    return { found: [], problems: [toProblem(error, subject)] };
  }
}
