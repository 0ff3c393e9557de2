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

/** The diagnosis of each snapshot, which is made once. */
const DIAGNOSES = new WeakMap<Snapshot, Promise<Diagnoses>>();

/** Looks at the host for the page. If `named` exists, the snapshot has this device. */
export async function seeHost(world: PageWorld, named?: string): Promise<HostNow> {
  const snapshot = await world.newest(named);
  const diagnosing = DIAGNOSES.get(snapshot) ?? world.diagnose(snapshot);
  DIAGNOSES.set(snapshot, diagnosing);
  const diagnoses = await diagnosing;
  return {
    version: world.version,
    snapshot,
    rules: world.rules(),
    diagnoses,
    answers: new Map(diagnoses.devices.map(({ id, canMigrate }) => [id, canMigrate])),
    devices: new Map(snapshot.devices.map((device) => [device.id, device])),
  };
}
