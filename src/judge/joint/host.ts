import {
  compareText,
  type Configuration,
  type Device,
  type DeviceType,
  type Snapshot,
  vendorName,
} from "../../documents/mod.ts";

/** What a plan looks up in a snapshot: the entry behind a configuration, and what a parent has of each type. */
export interface PlanHost {
  entryOf(configuration: Configuration): Device | DeviceType | undefined;
  /** The types of a parent that have devices. */
  takenOn(parent: string): readonly { type: string; instances: number }[];
}

/** A snapshot by names. */
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

/** A type of a parent, by name. */
export function typeKey(
  { kind, type, parent = "" }: { kind: string; type: string; parent?: string | undefined },
): string {
  return `${kind} ${parent} ${type}`;
}

/** A configuration by name: no two of a host have the same. */
export function configurationText(
  { kind, type, parent = "", id = "", instances = 1 }: Configuration,
): string {
  return `${kind} ${type} ${parent} ${id}${instances === 1 ? "" : ` x${instances}`}`;
}

/** How a sentence calls a configuration. */
export function describeConfiguration(
  { kind, type, parent, id, instances = 1 }: Configuration,
): string {
  if (kind === "device") return `the device ${id}`;
  return `${instances === 1 ? "" : `${instances} `}${type} on ${parent}`;
}

/** The name that a sentence about a configuration starts with. */
export function vendorOf(host: PlanHost, configuration: Configuration): string {
  const entry = host.entryOf(configuration);
  return vendorName(entry?.driver ?? entry?.parentDriver, configuration.type);
}
