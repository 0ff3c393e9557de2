import { type Problem, toProblem } from "../documents/mod.ts";
import {
  canChangeWhileBound,
  type Facts,
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

/** Scans a host. With `whole`, it reads everything again and reuses nothing from earlier scans. */
export type ScanHost = (
  options: { turns: Turns; nowMs: number; whole?: boolean },
) => Promise<HostScan>;

/** A device at its last full read, and the names in its directory. */
interface Known {
  device: SysfsDevice;
  names: ReadonlySet<string>;
}

/** A driver may still add files to a device for so long after the device node appeared. */
const YOUNG_MS = 10_000;

/**
 * Makes a scanner of a host. A later call reads a device in full only if it may have changed.
 *
 * Source: see {@link refreshDevice}. Read each time: the list of devices, their bindings and nodes, the attributes of
 * parents and types, the list of mdevs, and devices that {@link canChangeWhileBound}. Kept while a device stays bound:
 * the rest, once its node is ten seconds old.
 */
export function makeScanner(roots: HostRoots): ScanHost {
  let known = new Map<string, Known>();
  return async ({ turns, nowMs, whole = false }) => {
    const cache: ScanCache = new Map();
    const problems: Problem[] = [];
    const attempt = <T>(subject: string, read: () => T): T[] => {
      try {
        return [read()];
      } catch (error) {
        problems.push(toProblem(error, subject));
        return [];
      }
    };
    const before = whole ? new Map<string, Known>() : known;
    const kept = new Map<string, Known>();
    const readOne = (at: VfioDevicePath): FoundDevice => {
      const { path } = at;
      const earlier = before.get(path);
      let device = earlier === undefined
        ? null
        : refreshDevice(roots, { known: earlier.device, path, cache });
      if (device === null || earlier === undefined) {
        device = readDevice(roots, at, cache);
        const names = namesOfDevice(cache, path);
        const { since } = device.nodes;
        const isYoung = since === null || nowMs - since < YOUNG_MS;
        if (!isYoung && !canChangeWhileBound(device, names)) kept.set(path, { device, names });
      } else {
        cache.set(`names ${path}`, earlier.names);
        kept.set(path, { ...earlier, device });
      }
      return { ...device, facts: readDeviceFacts(roots, device, path, cache) };
    };
    const devices: FoundDevice[] = [];
    const paths: VfioDevicePath[] = [];
    try {
      for (const found of walkVfioDevices(roots, cache)) {
        await turns.pause();
        if (found !== null) paths.push(found);
      }
    } catch (error) {
      problems.push(toProblem(error, "devices"));
    }
    for (const at of inOrder(paths)) {
      await turns.pause();
      devices.push(...attempt(lastPart(at.path), () => readOne(at)));
    }
    const mdevTypes: MdevType[] = [];
    for (const parent of attempt("mdev parents", () => listMdevParents(roots)).flat()) {
      await turns.pause();
      mdevTypes.push(...attempt(parent, () => readMdevTypes(roots, parent, cache)).flat());
    }
    known = kept;
    return { devices, mdevTypes, problems, cache };
  };
}
