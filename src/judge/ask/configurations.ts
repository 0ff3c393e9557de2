import type {
  Availability,
  Configuration,
  Create,
  Device,
  DeviceType,
  Snapshot,
  Version,
} from "../../documents/mod.ts";
import type { TargetHolder } from "../rules/mod.ts";
import { availabilityOfDevice, availabilityOfType } from "./availability.ts";
import { howToCreate } from "./create.ts";
import { type HostIndex, indexHost } from "./host_index.ts";

/** A configuration with everything that is needed to judge it. */
export interface Candidate extends TargetHolder {
  configuration: Configuration;
  availability: Availability;
  numaNode: number | null;
  migration: Device["migration"];
  create: Create | null;
  version: Version | null;
  /** Why it must not be offered; null if there is no trouble. */
  trouble: Device["trouble"];
  /** Whether it came free, and nobody has read its migration state since. */
  isReleased: boolean;
  /** Whether no IOMMU translates its DMA. Then no virtual machine can use it. */
  noIommu: boolean;
  /** Whether this host can ever create it: false for a type with no free instance on a parent with no instances. */
  possible: boolean;
}

/**
 * The possible targets of a host: its types and its devices.
 *
 * An mdev in use is left out, because its type represents it. Any other device in use is a configuration that is not
 * available now. An SR-IOV function without a vGPU type is represented by the types that can be set on it.
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

/** The candidates of one host in classes of equal properties. */
export interface CandidateClasses {
  /** A candidate, built once, and its class. Candidates of a class differ only in name, availability and NUMA node. */
  of: (entry: Device | DeviceType) => { candidate: Candidate; class: number };
}

const CLASSES = new WeakMap<HostIndex, { host: Snapshot["host"]; classes: CandidateClasses }>();

/** The classes of a snapshot's candidates. */
export function classify(snapshot: Snapshot): CandidateClasses {
  const index = indexHost(snapshot);
  const known = CLASSES.get(index);
  if (known?.host === snapshot.host) return known.classes;
  const made = new Map<Device | DeviceType, { candidate: Candidate; class: number }>();
  const numberOf = makeNumbers();
  const classes: CandidateClasses = {
    of(entry) {
      const before = made.get(entry);
      if (before !== undefined) return before;
      const candidate = toCandidate(snapshot, index, entry);
      const classed = { candidate, class: numberOf(judgedOf(candidate).map(numberOf)) };
      made.set(entry, classed);
      return classed;
    },
  };
  CLASSES.set(index, { host: snapshot.host, classes });
  return classes;
}

/** The properties of a candidate that are judged, in a fixed order. */
function judgedOf({ configuration: { kind, type }, ...candidate }: Candidate): unknown[] {
  const { availability: _, numaNode: __, create: ___, host: ____, ...judged } = candidate;
  return [kind, type, ...Object.values(judged)];
}

/** Numbers values, the same number for equal values. Serializes each object only once. */
function makeNumbers(): (value: unknown) => number {
  const byText = new Map<string, number>();
  const byObject = new Map<unknown, number>();
  return (value) => {
    const known = byObject.get(value);
    if (known !== undefined) return known;
    const text = JSON.stringify(value);
    const number = byText.get(text) ?? byText.size;
    byText.set(text, number);
    byObject.set(value, number);
    return number;
  };
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
    isReleased: device.state === null,
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
    isReleased: false,
    noIommu: false,
    possible: availability.instances !== 0 || (availability.toFree ?? []).length > 0,
  };
}
