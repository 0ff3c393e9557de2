import type {
  Availability,
  Configuration,
  Create,
  Device,
  DeviceType,
  Driver,
  Migration,
  PciConfig,
  Snapshot,
  Version,
} from "../identity/mod.ts";

/** A configuration with all that judging it takes. */
export interface Candidate {
  configuration: Configuration;
  availability: Availability;
  deviceApi: string | null;
  driver: Driver | null;
  parentDriver: Driver | null;
  numaNode: number | null;
  migration: Migration;
  pciConfig: PciConfig | null;
  create: Create | null;
  version: Version | null;
  /** Why nobody should be offered it, null where nothing speaks against. */
  trouble: Device["trouble"];
}

/**
 * What a host can offer as a target: its types that can be made, and its devices.
 *
 * An mdev that somebody uses is left out, since its type stands for it; any other device in use is a
 * configuration that is not available now. An SR-IOV function that has no vGPU type yet is offered by the
 * types that it can be given.
 */
export function listCandidates({ devices, types }: Snapshot): Candidate[] {
  return [...types.map(ofType), ...devices.filter(isConfiguration).map(ofDevice)];
}

function isConfiguration({ kind, use, facts }: Device): boolean {
  if ("vgpuType" in facts && facts.vgpuType === null) return false;
  return kind !== "mdev" || use.state !== "in-use";
}

function ofDevice(device: Device): Candidate {
  const { id, type, deviceApi, driver, parentDriver, numaNode, migration, pciConfig } = device;
  return {
    configuration: { kind: "device", id, type },
    availability: availabilityOf(device),
    deviceApi,
    driver,
    parentDriver,
    numaNode,
    migration,
    pciConfig,
    create: null,
    version: device.version ?? null,
    trouble: device.trouble ?? null,
  };
}

function availabilityOf({ use }: Device): Availability {
  switch (use.state) {
    case "idle":
      return { now: true, instances: 1 };
    case "in-use": {
      const by = use.holder === null ? "" : ` by ${use.holder.name} (pid ${use.holder.pid})`;
      return { now: false, instances: 0, reason: `in use${by}` };
    }
    case "unknown":
      return {
        now: false,
        instances: null,
        reason: "whether it is in use cannot be told without root",
      };
  }
}

function ofType(type: DeviceType): Candidate {
  const { kind, parent, deviceApi, driver, parentDriver, numaNode, migration, pciConfig } = type;
  const instances = type.availableInstances;
  return {
    configuration: { kind, type: type.type, parent },
    availability: (instances ?? 0) > 0
      ? { now: true, instances }
      : { now: false, instances, reason: "no free instance" },
    deviceApi,
    driver,
    parentDriver,
    numaNode,
    migration,
    pciConfig,
    create: howToCreate(type),
    version: type.version ?? null,
    trouble: null,
  };
}

function howToCreate({ kind, type, parent, sysfs }: DeviceType): Create {
  if (kind === "vgpu-type") {
    return { sysfs, command: `echo ${type.replace(/^nvidia-/, "")} > ${sysfs}` };
  }
  return {
    sysfs: `${sysfs}/create`,
    command: `mdevctl start --parent ${parent} --type ${type}`,
  };
}
