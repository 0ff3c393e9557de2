import { Failure } from "./failure.ts";
import type { Driver, Identity } from "./identity.ts";
import { IDENTITY_SCHEMA } from "./schemas.ts";
import { shownName } from "./shorten.ts";
import type { Device, Snapshot } from "./snapshot.ts";

/** The identity of a device of this host, to send to another host. Throws if there is no such device. */
export function identify(snapshot: Snapshot, id: string): Identity {
  const device = deviceOf(snapshot, id);
  const { kind, type, deviceApi, description, driver, parentDriver, facts } = device;
  return {
    schema: IDENTITY_SCHEMA,
    id,
    kind,
    host: snapshot.host,
    type,
    deviceApi,
    version: device.version?.version ?? null,
    description,
    driver: withoutLoad(driver),
    parentDriver: withoutLoad(parentDriver),
    facts,
    pciConfig: device.pciConfig,
    migration: withVersion(device),
    initialData: null,
  };
}

/** Removes `load`, which has no meaning on another host. */
function withoutLoad(driver: Driver | null): Driver | null {
  if (driver === null) return null;
  const { load: _, ...rest } = driver;
  return rest;
}

/** A device whose version attribute cannot be read cannot migrate. */
function withVersion({ migration, version }: Device): Device["migration"] {
  if (!version?.errno) return migration;
  const check = { step: "read version", errno: version.errno };
  return { ...migration, uapi: "none", checks: [check, ...migration.checks ?? []] };
}

/** A device of a snapshot by its name in sysfs. Throws a {@link Failure} that says how to find the right one. */
export function deviceOf(snapshot: Snapshot, id: string): Device {
  const device = snapshot.devices.find((candidate) => candidate.id === id);
  if (device !== undefined) return device;
  const problem = snapshot.problems.find(({ subject }) => subject === id);
  throw new Failure(
    "not-found",
    problem === undefined ? `Cannot find a VFIO device named ${shownName(id)}` : problem.sentence,
    { subject: id, remedy: problem?.remedy ?? "Run vfio-ask devices to list all device names." },
  );
}
