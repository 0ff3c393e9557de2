import {
  type Capabilities,
  type Device,
  type DeviceType,
  type Host,
  type MigrationState,
  type Problem,
  type Snapshot,
  SNAPSHOT_SCHEMA,
  toProblem,
  type Use,
} from "../documents/mod.ts";
import {
  type Facts,
  type Holders,
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
import { readLedger, tallyOutcomes } from "../ledger/mod.ts";
import { factsOf, rulesProblems, withOperatorFacts } from "../config/mod.ts";
import { REACH_MS } from "../children/mod.ts";
import { readStates } from "./read_states.ts";
import { makeScanner, type ScanHost } from "./scan_host.ts";
import { observed, toMdevType, toVgpuTypes, withMdevDrivers } from "./snapshot_types.ts";
import type { World } from "./world.ts";

/** The host if its own data cannot be read. */
const NO_HOST: Host = { name: "unnamed", kernel: "unknown", bootId: null };

/** The subject of a problem with the holders of devices. */
const HOLDERS = "processes";

/** Whether a problem says that holders could not be read. */
export function isOfHolders({ subject }: Problem): boolean {
  return subject === HOLDERS;
}

/** The inputs of a snapshot in addition to sysfs. */
export interface SnapshotInputs {
  observations: Observations;
  /** Devices that could not be opened because they are in use, although `/proc` shows no holder. */
  held?: ReadonlySet<string>;
}

/** How a snapshot is taken. Without a scanner that has earlier scans, everything is read. */
export interface SnapshotMeans {
  scan?: ScanHost;
  /** Whether the scanner must read everything again. */
  whole?: boolean;
  /** The paths that have changed. The scanner then reads nothing else. */
  changed?: ReadonlySet<string> | null;
  /** Holders to use instead of reading them. */
  holders?: Holders | null;
  turns?: Turns;
}

/**
 * Takes a snapshot of this host: its devices and types from sysfs, and what is known about their migration. The
 * number is always 1, see {@link succeed}.
 *
 * Source: sysfs, `/proc`, and the answers of devices in this load of their drivers. Effect: none; no device is opened.
 * Parts that cannot be read are problems of the snapshot.
 */
export async function takeSnapshot(
  world: World,
  { observations, held = new Set() }: SnapshotInputs,
  {
    scan = makeScanner(world.roots),
    whole = false,
    changed = null,
    holders: known = null,
    turns = takeTurns(),
  }: SnapshotMeans = {},
): Promise<Snapshot> {
  const { roots } = world;
  // The programs print their versions in the meantime.
  const software = world.readSoftware();
  const problems: Problem[] = [];
  const holders = known ?? await world.access.readHolders(turns).catch((error): Holders => {
    problems.push(toProblem(error, HOLDERS));
    return { byNode: new Map(), complete: false };
  });
  const scanned = await scan({ turns, nowMs: world.now().getTime(), whole, changed });
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
  const uses = new Map(found.map((device) => [device.id, useOf(device, holders, held)]));
  // Opening a PCI function resets it, so its state before does not matter.
  const idle = found.filter(({ id, kind }) => kind !== "pci" && uses.get(id)!.state === "idle");
  const states = await readStates(world, idle.map(({ id }) => id), host.bootId).catch((error) => {
    problems.push(toProblem(error, "journal"));
    return new Map<string, MigrationState>();
  });
  // A virtual machine may have opened the device since the holders were read, and loads its state now.
  const unusual = found.filter(({ id }) => (states.get(id) ?? "running") !== "running");
  const newest = unusual.length === 0
    ? null
    : await world.access.readHolders(turns).catch(() => ({ byNode: new Map(), complete: false }));
  for (const device of unusual) {
    const use = useOf(device, newest ?? holders, held);
    uses.set(device.id, use);
    if (use.state !== "idle") states.delete(device.id);
  }
  const left = await readTroubles(world, host, found).catch((error) => ({
    troubles: new Map() as Troubles,
    problems: [toProblem(error, "journal")],
  }));
  problems.push(...left.problems);
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
    const { id } = device;
    const state = states.get(id);
    const found = {
      use: uses.get(id)!,
      trouble: left.troubles.get(id) ?? notRunning(id, state),
      ...(state === undefined ? {} : { state }),
    };
    devices.push(declare(toDevice(device, observations, found)));
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
  const hostNow = { ...host, facts: { ...hostFacts, ...await turns.waitFor(software) } };
  const ledger = readLedger(world.stateDirectory);
  problems.push(...ledger.problems);
  const outcomes = tallyOutcomes(ledger.outcomes, hostNow);
  return {
    schema: SNAPSHOT_SCHEMA,
    snapshot: 1,
    takenAt: world.now().toISOString(),
    host: hostNow,
    devices,
    types,
    rules: rules.inForce,
    ...(outcomes.length === 0 ? {} : { outcomes }),
    problems,
  };
}

function toDevice(
  device: SysfsDevice & { facts: Facts },
  observations: Observations,
  found: Pick<Device, "use" | "trouble" | "state">,
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
    ...found,
    ...observed(known, own === undefined ? "inferred" : "probed"),
  };
}

/**
 * What devlink declared when the device, or another one of its class, was asked. Firmware and PSID (`fw.psid`,
 * mlx5_core) are used if sysfs has none; they belong to the parent, so the whole class shares them. `migratable` is
 * set per function, so only the device's own answer counts.
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

/**
 * The trouble of an idle device in a state that a load cannot begin in: QEMU gets no file for the data of a device that
 * is in RESUMING already. From STOP, where a machine that has left can leave it, it goes to RESUMING as from RUNNING.
 */
function notRunning(id: string, state: MigrationState | undefined): Device["trouble"] {
  if (state !== "resuming" && state !== "error") return null;
  const name = state.toUpperCase().replaceAll("-", "_");
  const sentence = `${id} is in ${name} although no process uses it: an earlier user left it so`;
  return { code: "not-running", sentence };
}

type Troubles = Map<string, Device["trouble"]>;

/**
 * The devices in the journal that a preflight left in a state other than RUNNING. Skips devices bound again since.
 * `problems` names the mdevs that were removed to be created again, and are not there.
 */
async function readTroubles(
  world: World,
  { bootId }: Host,
  found: readonly SysfsDevice[],
): Promise<{ troubles: Troubles; problems: Problem[] }> {
  const nowMs = world.now().getTime();
  const boundNow = new Map(found.map(({ id, bound }) => [id, bound]));
  const troubles: Troubles = new Map();
  const problems: Problem[] = [];
  for (const entry of readJournal(world.stateDirectory, bootId)) {
    const { device, what, alive, untilMs, pid } = entry;
    if (what === "remake" && !alive && !boundNow.has(device)) {
      const sentence =
        `${device} was removed by a vfio-ask that was killed before it created it again`;
      const remedy = `Run vfio-ask recover ${device}.`;
      problems.push({ code: "gone", subject: device, sentence, remedy });
    }
    if (alive && nowMs <= untilMs) continue;
    // The machine is busy: the process needs CPU time and does not wait for a driver.
    const mayBeBusy = alive && nowMs <= untilMs + REACH_MS;
    if (mayBeBusy && await world.access.isRunnable(pid)) continue;
    if (!isOfBinding(entry, boundNow.get(device) ?? null)) continue;
    const [code, sentence] = alive
      ? ["stuck", `process ${pid} is stuck in the driver of ${device}`] as const
      : ["needs-reset", `${device} was left in a state other than RUNNING`] as const;
    troubles.set(device, { code, sentence });
  }
  return { troubles, problems };
}

function useOf({ id, nodes }: SysfsDevice, holders: Holders, held: ReadonlySet<string>): Use {
  for (const node of [nodes.cdev, nodes.group]) {
    const holder = node === null ? undefined : holders.byNode.get(node);
    if (holder !== undefined) return { state: "in-use", holder };
  }
  if (held.has(id)) return { state: "in-use", holder: null };
  return { state: holders.complete ? "idle" : "unknown", holder: null };
}
