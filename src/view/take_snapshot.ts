import {
  type Capabilities,
  type Device,
  type DeviceType,
  type Host,
  type Problem,
  type Snapshot,
  SNAPSHOT_SCHEMA,
  toProblem,
  type Use,
} from "../documents/mod.ts";
import {
  type Facts,
  type Holders,
  readHolders,
  readHost,
  readHostFacts,
  type SysfsDevice,
  takeTurns,
  type Turns,
} from "../host/mod.ts";
import {
  classKey,
  classOfDevice,
  deviceKey,
  isOfBinding,
  type Observations,
  readJournal,
} from "../state/mod.ts";
import { factsOf, rulesProblems, withOperatorFacts } from "../config/mod.ts";
import { isRunnable, REACH_MS } from "../children/mod.ts";
import { makeScanner, type ScanHost } from "./scan_host.ts";
import { observed, toMdevType, toVgpuTypes, withMdevDrivers } from "./snapshot_types.ts";
import type { World } from "./world.ts";

/** A host that does not even say its name. */
const NO_HOST: Host = { name: "unnamed", kernel: "unknown", bootId: null };

/** What a snapshot is made with, beside what sysfs says. */
export interface SnapshotInputs {
  observations: Observations;
  /** Devices that an open found in use although `/proc` names no holder. */
  held?: ReadonlySet<string>;
  /** Processes of our own, which do not count as holders. */
  ours?: ReadonlySet<number>;
}

/** How a snapshot is taken: by itself, reading all, unless a scanner knows of earlier scans. */
export interface SnapshotMeans {
  scan?: ScanHost;
  /** Whether the scanner is to believe nothing that it knows. */
  whole?: boolean;
  turns?: Turns;
}

/**
 * This host now: its devices and types as sysfs has them, with what is known of their migration. Its number is 1: whoever
 * looks again counts, see {@link succeed}.
 *
 * Source: sysfs, `/proc`, and what devices said in this load of their drivers. Effect: none; no device is opened. What cannot be
 * read is a problem of the snapshot.
 */
export async function takeSnapshot(
  world: World,
  { observations, held = new Set(), ours = new Set() }: SnapshotInputs,
  { scan = makeScanner(world.roots), whole = false, turns = takeTurns() }: SnapshotMeans = {},
): Promise<Snapshot> {
  const { roots } = world;
  // Programs say their version meanwhile.
  const software = world.readSoftware();
  const problems: Problem[] = [];
  const holders = await readHolders(roots, ours, turns).catch((error): Holders => {
    problems.push(toProblem(error, "processes"));
    return { byNode: new Map(), complete: false };
  });
  const scanned = await scan({ turns, nowMs: world.now().getTime(), whole });
  const { devices: found, cache } = scanned;
  problems.push(...scanned.problems);
  const attempt = <T>(subject: string, otherwise: T, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      problems.push(toProblem(error, subject));
      return otherwise;
    }
  };
  const host = attempt("host", NO_HOST, () => readHost(roots));
  const trouble = attempt("journal", new Map(), () => troubleOf(world, host, found));
  const rules = world.readRules();
  const operator = world.readFacts();
  problems.push(...rulesProblems(rules), ...operator.problems);
  const parentOf = new Map(found.map(({ id, parent }) => [id, parent]));
  const declare = <T extends Device | DeviceType>(entry: T): T => ({
    ...entry,
    facts: withOperatorFacts(entry.facts, operator.facts, factsOf(entry, parentOf)),
  });
  const devices: Device[] = [];
  for (const device of found) {
    await turns.pause();
    const use = useOf(device, holders, held);
    const own = trouble.get(device.id) ?? null;
    devices.push(declare(toDevice(device, { observations, use, trouble: own })));
  }
  const types: DeviceType[] = [];
  for (const type of withMdevDrivers(scanned.mdevTypes)) {
    await turns.pause();
    types.push(declare(toMdevType(type, { observations, world, cache })));
  }
  for (const device of found) {
    await turns.pause();
    types.push(...toVgpuTypes(device, { observations, world, cache }).map(declare));
  }
  const hostFacts = readHostFacts(roots);
  return {
    schema: SNAPSHOT_SCHEMA,
    snapshot: 1,
    takenAt: world.now().toISOString(),
    host: { ...host, facts: { ...hostFacts, ...await turns.waitFor(software) } },
    devices,
    types,
    rules: rules.inForce,
    problems,
  };
}

function toDevice(
  device: SysfsDevice & { facts: Facts },
  { observations, use, trouble }: Pick<Device, "use" | "trouble"> & { observations: Observations },
): Device {
  const { vgpu, nodes, migrationType, ...rest } = device;
  const own = observations.byDevice[deviceKey(device)];
  const known = own ?? observations.byClass[classKey(classOfDevice(device))];
  const facts = {
    ...device.facts,
    ...declaredFacts(device, own, known),
    ...(vgpu === null ? {} : { vgpuType: vgpu.current }),
    ...(migrationType === null ? {} : { migrationType }),
  };
  return {
    ...rest,
    nodes: { cdev: nodes.cdev, group: nodes.group },
    since: nodes.since,
    facts,
    use,
    trouble,
    ...observed(known, own === undefined ? "inferred" : "probed"),
  };
}

/**
 * What devlink declared when the device, or one of its class, was asked: firmware and PSID (`fw.psid`, mlx5_core) where
 * sysfs has none, which are those of the parent and so of the class; whether it may be migrated, which is each
 * function's own.
 */
function declaredFacts(
  { facts }: SysfsDevice & { facts: Facts },
  own: Capabilities | undefined,
  known: Capabilities | undefined,
): Facts {
  const firmware = known?.declared?.firmware ?? null;
  const boardId = known?.declared?.versions?.fixed["fw.psid"] ?? null;
  const migratable = own?.declared?.migratable ?? null;
  return {
    ...(firmware === null || facts.firmware != null ? {} : { firmware }),
    ...(boardId === null || facts.boardId != null ? {} : { boardId }),
    ...(migratable === null ? {} : { migratable }),
  };
}

/** Devices that a preflight has left in another state than RUNNING, by the journal; not those made or bound anew since. */
function troubleOf(
  world: World,
  { bootId }: Host,
  found: readonly SysfsDevice[],
): Map<string, Device["trouble"]> {
  const nowMs = world.now().getTime();
  const boundNow = new Map(found.map(({ id, bound }) => [id, bound]));
  return new Map(
    readJournal(world.stateDirectory, bootId).flatMap((entry) => {
      const { device, alive, untilMs, pid } = entry;
      if (alive && nowMs <= untilMs) return [];
      // On a busy machine it takes longer, and waits for no driver.
      if (alive && nowMs <= untilMs + REACH_MS && isRunnable(pid)) return [];
      if (!isOfBinding(entry, boundNow.get(device) ?? null)) return [];
      const [code, sentence] = alive
        ? ["stuck", `process ${pid} is stuck in the driver of ${device}`] as const
        : ["needs-reset", `${device} was left in another state than RUNNING`] as const;
      return [[device, { code, sentence }] as const];
    }),
  );
}

function useOf({ id, nodes }: SysfsDevice, holders: Holders, held: ReadonlySet<string>): Use {
  for (const node of [nodes.cdev, nodes.group]) {
    const holder = node === null ? undefined : holders.byNode.get(node);
    if (holder !== undefined) return { state: "in-use", holder };
  }
  if (held.has(id)) return { state: "in-use", holder: null };
  return { state: holders.complete ? "idle" : "unknown", holder: null };
}
