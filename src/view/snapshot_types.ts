import {
  type Capabilities,
  type Device,
  type DeviceType,
  type Migration,
  MIGRATION_UNKNOWN,
  vgpuTypeName,
} from "../documents/mod.ts";
import {
  kernelPath,
  type MdevType,
  readTypeFacts,
  type ScanCache,
  type SysfsDevice,
} from "../host/mod.ts";
import { classesOfType, classKey, isSibling, type Observations } from "../state/mod.ts";
import type { World } from "./world.ts";

/** Gives each type without an mdev the driver that mdevs of the same parent driver are bound to. */
export function withMdevDrivers(types: readonly MdevType[]): MdevType[] {
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

interface TypeInputs {
  observations: Observations;
  world: World;
  cache: ScanCache;
}

/** An mdev type with the known capabilities of its devices, on this parent or another one with the same driver. */
export function toMdevType(
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

/** The vGPU types that can be set on an SR-IOV function that has none. Each takes the whole function. */
export function toVgpuTypes(
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

/** The answer of a device of the type on this parent, or else on another parent with the same load of the driver. */
function findForType(
  observations: Observations,
  type: Pick<DeviceType, "driver" | "parentDriver" | "type">,
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

/** Migration and PCI configuration from an answer. `how` says whether this entry or another one gave the answer. */
export function observed(
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
