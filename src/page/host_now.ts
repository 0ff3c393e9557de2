import type { Device, Snapshot } from "../documents/mod.ts";
import type { RulesState } from "../config/mod.ts";
import type { CanMigrate, Diagnoses } from "../judge/doctor/mod.ts";
import type { PageWorld } from "./page_world.ts";

/** The host as the page shows it: one snapshot, its diagnosis, and the rules. */
export interface HostNow {
  version: string;
  snapshot: Snapshot;
  rules: RulesState;
  diagnoses: Diagnoses;
  /** Whether each device can migrate, by id. */
  answers: ReadonlyMap<string, CanMigrate>;
  devices: ReadonlyMap<string, Device>;
}

/** The last diagnosis of each list of devices. Unchanged devices are the same list in the next snapshot. */
const DIAGNOSES = new WeakMap<readonly Device[], Diagnosed>();

interface Diagnosed {
  snapshot: number;
  atMs: number;
  diagnosing: Promise<Diagnoses>;
}

/** How long a diagnosis is kept while the snapshot is unchanged. It reads more than the snapshot, such as IOMMU groups. */
const KEPT_MS = 10_000;

/** Looks at the host for the page. If `named` exists, the snapshot has this device. */
export async function seeHost(world: PageWorld, named?: string): Promise<HostNow> {
  const snapshot = await world.newest(named);
  const diagnoses = await diagnosisOf(world, snapshot);
  return {
    version: world.version,
    snapshot,
    rules: world.rules(),
    diagnoses,
    answers: new Map(diagnoses.devices.map(({ id, canMigrate }) => [id, canMigrate])),
    devices: new Map(snapshot.devices.map((device) => [device.id, device])),
  };
}

async function diagnosisOf(world: PageWorld, snapshot: Snapshot): Promise<Diagnoses> {
  const nowMs = Date.now();
  const kept = DIAGNOSES.get(snapshot.devices);
  if (kept?.snapshot === snapshot.snapshot && nowMs - kept.atMs < KEPT_MS) {
    return await kept.diagnosing;
  }
  const diagnosing = world.diagnose(snapshot);
  DIAGNOSES.set(snapshot.devices, { snapshot: snapshot.snapshot, atMs: nowMs, diagnosing });
  return await diagnosing;
}
