import type {
  Availability,
  Configuration,
  Create,
  Device,
  DeviceType,
  Snapshot,
  Version,
} from "../identity/mod.ts";
import type { TargetHolder } from "../rules/mod.ts";
import { availabilityOfDevice, availabilityOfType } from "./availability.ts";
import { howToCreate } from "./create.ts";
import { type HostIndex, indexHost } from "./host_index.ts";

/** A configuration with all that judging it takes. */
export interface Candidate extends TargetHolder {
  configuration: Configuration;
  availability: Availability;
  numaNode: number | null;
  migration: Device["migration"];
  create: Create | null;
  version: Version | null;
  /** Why nobody should be offered it, null where nothing speaks against. */
  trouble: Device["trouble"];
  /** Whether nothing translates its DMA, so that no virtual machine takes it. */
  noIommu: boolean;
  /** Whether this host could ever make it: a type without an instance where nothing takes any cannot be made. */
  possible: boolean;
}

/**
 * What a host can offer as a target: its types that can be made, and its devices.
 *
 * An mdev that somebody uses is left out, since its type stands for it; any other device in use is a
 * configuration that is not available now. An SR-IOV function that has no vGPU type yet is offered by the
 * types that it can be given.
 */
export function listCandidates(snapshot: Snapshot): Candidate[] {
  const index = indexHost(snapshot);
  return [...index.byType.values()].flat().map((entry) => toCandidate(snapshot, index, entry));
}

/** A device or a type of a snapshot as a candidate. */
export function toCandidate(
  { host }: Snapshot,
  index: HostIndex,
  entry: Device | DeviceType,
): Candidate {
  return isType(entry) ? ofType(entry, index, host) : ofDevice(entry, host);
}

function isType(entry: Device | DeviceType): entry is DeviceType {
  return entry.kind === "mdev-type" || entry.kind === "vgpu-type";
}

function ofDevice(device: Device, host: Snapshot["host"]): Candidate {
  const { id, kind, type, deviceApi, driver, parentDriver, numaNode, migration, pciConfig, facts } =
    device;
  return {
    configuration: { kind: "device", id, type },
    kind,
    availability: availabilityOfDevice(device),
    deviceApi,
    driver,
    parentDriver,
    facts,
    host,
    numaNode,
    migration,
    pciConfig,
    create: null,
    version: device.version ?? null,
    trouble: device.trouble ?? null,
    noIommu: device.nodes.group?.includes("/noiommu-") ?? false,
    possible: true,
  };
}

function ofType(type: DeviceType, index: HostIndex, host: Snapshot["host"]): Candidate {
  const { kind, parent, deviceApi, driver, parentDriver, numaNode, migration, pciConfig, facts } =
    type;
  const availability = availabilityOfType(type, index);
  return {
    configuration: { kind, type: type.type, parent },
    kind: kind === "mdev-type" ? "mdev" : "pci",
    availability,
    deviceApi,
    driver,
    parentDriver,
    facts,
    host,
    numaNode,
    migration,
    pciConfig,
    create: howToCreate(type),
    version: type.version ?? null,
    trouble: null,
    noIommu: false,
    possible: availability.instances !== 0 || (availability.toFree ?? []).length > 0,
  };
}
