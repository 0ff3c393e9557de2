import {
  type Capabilities,
  type Device,
  type DeviceType,
  type Host,
  type Migration,
  MIGRATION_UNKNOWN,
  type Problem,
  type Snapshot,
  SNAPSHOT_SCHEMA,
  toProblem,
  type Use,
  vgpuTypeName,
} from "../identity/mod.ts";
import {
  type FactCache,
  type Facts,
  type Holders,
  kernelPath,
  lastPart,
  listMdevParents,
  listVfioDevices,
  type MdevType,
  readDevice,
  readDeviceFacts,
  readHolders,
  readHost,
  readHostFacts,
  readMdevTypes,
  readTypeFacts,
  type SysfsDevice,
} from "../sysfs/mod.ts";
import { classesOfType, classKey, classOfDevice, deviceKey, isSibling } from "./device_class.ts";
import { readJournal } from "./journal.ts";
import { rulesProblems } from "./load_rules.ts";
import type { Observations } from "./observations.ts";
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
  /** What asking devices met with. */
  problems?: readonly Problem[];
  number?: number;
}

/**
 * This host now: its devices and types as sysfs has them, with what is known of their migration.
 *
 * Source: sysfs, `/proc`, and what devices said this boot. Effect: none; no device is opened. What cannot be
 * read is a problem of the snapshot.
 */
export async function takeSnapshot(
  world: World,
  { observations, held = new Set(), ours = new Set(), problems: met = [], number = 1 }:
    SnapshotInputs,
): Promise<Snapshot> {
  const { roots } = world;
  // Programs say their version meanwhile.
  const software = world.readSoftware();
  const problems: Problem[] = [...met];
  const attempt = <T>(subject: string, read: () => T): T[] => {
    try {
      return [read()];
    } catch (error) {
      problems.push(toProblem(error, subject));
      return [];
    }
  };
  const holders = await readHolders(roots, ours).catch((error): Holders => {
    problems.push(toProblem(error, "processes"));
    return { byNode: new Map(), complete: false };
  });
  const cache: FactCache = new Map();
  const found = attempt("devices", () => listVfioDevices(roots)).flat()
    .flatMap((path) =>
      attempt(lastPart(path.path), () => {
        const device = readDevice(roots, path);
        return { ...device, facts: readDeviceFacts(roots, device, path.path, cache) };
      })
    );
  const parents = attempt("mdev parents", () => listMdevParents(roots)).flat();
  const mdevTypes = withMdevDrivers(
    parents.flatMap((parent) => attempt(parent, () => readMdevTypes(roots, parent))).flat(),
  );
  const host = attempt("host", () => readHost(roots))[0] ?? NO_HOST;
  const trouble = troubleOf(world, host);
  const rules = world.readRules();
  problems.push(...rulesProblems(rules));
  return {
    schema: SNAPSHOT_SCHEMA,
    snapshot: number,
    takenAt: world.now().toISOString(),
    host: { ...host, facts: { ...readHostFacts(roots), ...await software } },
    devices: found.map((device) =>
      toDevice(device, {
        observations,
        use: useOf(device, holders, held),
        trouble: trouble.get(device.id) ?? null,
      })
    ),
    types: [
      ...mdevTypes.map((type) => toMdevType(type, { observations, world, cache })),
      ...found.flatMap((device) => toVgpuTypes(device, { observations, world, cache })),
    ],
    rules: rules.inForce,
    problems,
  };
}

function toDevice(
  device: SysfsDevice & { facts: Facts },
  { observations, use, trouble }: Pick<Device, "use" | "trouble"> & { observations: Observations },
): Device {
  const { vgpu, nodes, migrationType, ...rest } = device;
  const known = observations.byDevice[deviceKey(device)] ??
    observations.byClass[classKey(classOfDevice(device))];
  const facts = {
    ...device.facts,
    ...declaredFacts(device, known),
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
    ...observed(known, known?.device === device.id ? "probed" : "inferred"),
  };
}

/**
 * What devlink declared when the device, or one of its class, was asked: the firmware where sysfs has none, which is
 * that of the parent and so of the class; whether it may be migrated, which is each function's own.
 */
function declaredFacts(
  { id, facts }: SysfsDevice & { facts: Facts },
  known: Capabilities | undefined,
): Facts {
  const { firmware = null, migratable = null } = known?.declared ?? {};
  return {
    ...(firmware === null || facts.firmware != null ? {} : { firmware }),
    ...(migratable === null || known?.device !== id ? {} : { migratable }),
  };
}

/** Devices that a preflight has left in another state than RUNNING, by the journal. */
function troubleOf(world: World, { bootId }: Host): Map<string, Device["trouble"]> {
  const nowMs = world.now().getTime();
  return new Map(
    readJournal(world.stateDirectory, bootId).flatMap(({ device, alive, untilMs, pid }) => {
      if (alive && nowMs <= untilMs) return [];
      const [code, sentence] = alive
        ? ["stuck", `process ${pid} is stuck in the driver of ${device}`]
        : ["needs-reset", `${device} was left in another state than RUNNING`];
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

/** A type that has no mdev yet gets the driver that mdevs of the same parent driver are bound to. */
function withMdevDrivers(types: readonly MdevType[]): MdevType[] {
  const bound = new Map(
    types.flatMap(({ driver, parentDriver }) =>
      driver === null || parentDriver === null ? [] : [[parentDriver.name, driver] as const]
    ),
  );
  return types.map((type) => ({
    ...type,
    driver: type.driver ?? bound.get(type.parentDriver?.name ?? "") ?? null,
  }));
}

/** What types are put together with. */
interface TypeInputs {
  observations: Observations;
  world: World;
  cache: FactCache;
}

function toMdevType(
  { path, ...type }: MdevType,
  { observations, world, cache }: TypeInputs,
): DeviceType {
  return {
    kind: "mdev-type",
    ...type,
    sysfs: kernelPath(world.roots, path),
    facts: readTypeFacts(world.roots, { ...type, path }, cache),
    ...observed(findForType(observations, type, type.parent), "inferred"),
  };
}

/** The vGPU types that an SR-IOV function without one can be given: each takes the whole function. */
function toVgpuTypes(
  device: SysfsDevice,
  { observations, world, cache }: TypeInputs,
): DeviceType[] {
  const { vgpu } = device;
  if (vgpu === null || vgpu.current !== null) return [];
  return vgpu.creatable.map(({ id, name }) => {
    const type = vgpuTypeName(id);
    return {
      kind: "vgpu-type",
      type,
      parent: device.id,
      sysfs: `${device.sysfs}/nvidia/current_vgpu_type`,
      name,
      description: null,
      deviceApi: device.deviceApi,
      driver: device.driver,
      parentDriver: device.parentDriver,
      availableInstances: 1,
      instances: [],
      numaNode: device.numaNode,
      facts: readTypeFacts(world.roots, { id, name, function: device }, cache),
      ...observed(
        findForType(observations, { ...device, type }, device.parent ?? device.id),
        "inferred",
      ),
    };
  });
}

/** What was said by a device of the type on this parent, else on another parent under the same driver build. */
function findForType(
  observations: Observations,
  type: Pick<DeviceType, "driver" | "type">,
  parent: string,
): Capabilities | undefined {
  const classes = classesOfType(type, parent);
  for (const candidate of classes) {
    const known = observations.byClass[classKey(candidate)];
    if (known !== undefined) return known;
  }
  const sibling = Object.keys(observations.byClass).sort().find((key) =>
    isSibling(key, classes[0]!)
  );
  return sibling === undefined ? undefined : observations.byClass[sibling];
}

function observed(
  known: Capabilities | undefined,
  how: Migration["observed"],
): Pick<Device, "migration" | "pciConfig"> {
  if (known === undefined) return { migration: MIGRATION_UNKNOWN, pciConfig: null };
  const migration = { ...known.migration, observed: how };
  return {
    migration: how === "inferred" ? { ...migration, inferredFrom: known.device } : migration,
    pciConfig: known.pciConfig,
  };
}
