import {
  compareText,
  type Configuration,
  type Device,
  type DeviceType,
  type Snapshot,
  vendorName,
} from "../../documents/mod.ts";

/** Lookups of a plan in a snapshot: the entry of a configuration, and the instances of a parent by type. */
export interface PlanHost {
  entryOf(configuration: Configuration): Device | DeviceType | undefined;
  /** The types of a parent that have devices. */
  takenOn(parent: string): readonly { type: string; instances: number }[];
}

/** Indexes a snapshot by name. */
export function indexPlanHost({ devices, types }: Snapshot): PlanHost {
  const byId = new Map(devices.map((device) => [device.id, device]));
  const byType = new Map(types.map((type) => [typeKey(type), type]));
  const taken = Map.groupBy(
    types.filter(({ instances }) => instances.length > 0)
      .map(({ parent, type, instances }) => ({ parent, type, instances: instances.length }))
      .toSorted((a, b) => compareText(a.type, b.type)),
    ({ parent }) => parent,
  );
  return {
    entryOf: (configuration) =>
      configuration.kind === "device"
        ? byId.get(configuration.id ?? "")
        : byType.get(typeKey(configuration)),
    takenOn: (parent) => taken.get(parent) ?? [],
  };
}

/** A key for a type of a parent. */
export function typeKey(
  { kind, type, parent = "" }: { kind: string; type: string; parent?: string | undefined },
): string {
  return `${kind} ${parent} ${type}`;
}

/** A name of a configuration, unique on a host. */
export function configurationText(
  { kind, type, parent = "", id = "", instances = 1 }: Configuration,
): string {
  return `${kind} ${type} ${parent} ${id}${instances === 1 ? "" : ` x${instances}`}`;
}

/** Names a configuration in a sentence. */
export function describeConfiguration(
  { kind, type, parent, id, instances = 1 }: Configuration,
): string {
  if (kind === "device") return `the device ${id}`;
  return `${instances === 1 ? "" : `${instances} `}${type} on ${parent}`;
}

/** The name at the start of a sentence about a configuration. */
export function vendorOf(host: PlanHost, configuration: Configuration): string {
  const entry = host.entryOf(configuration);
  return vendorName(entry?.driver ?? entry?.parentDriver, configuration.type);
}
