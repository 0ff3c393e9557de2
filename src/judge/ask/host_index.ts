import type { Device, DeviceType, Snapshot } from "../../documents/mod.ts";

/** Lookup tables of a snapshot. */
export interface HostIndex {
  /** All configurations by type name. */
  byType: ReadonlyMap<string, readonly (Device | DeviceType)[]>;
  /** All types by parent. */
  byParent: ReadonlyMap<string, readonly DeviceType[]>;
  /** The number of configurations. */
  size: number;
  device: (id: string) => Device | undefined;
}

/** A snapshot never changes, and an unchanged new snapshot has the same lists. Each list is indexed once. */
const KNOWN = new WeakMap<readonly Device[], { types: readonly DeviceType[]; index: HostIndex }>();

/**
 * The index of a snapshot. With it, a question about one type costs only the configurations of that type, however many
 * others the host has.
 */
export function indexHost(snapshot: Snapshot): HostIndex {
  const known = KNOWN.get(snapshot.devices);
  if (known?.types === snapshot.types) return known.index;
  const byType = new Map<string, (Device | DeviceType)[]>();
  const byParent = new Map<string, DeviceType[]>();
  for (const type of snapshot.types) {
    add(byType, type.type, type);
    add(byParent, type.parent, type);
  }
  for (const device of snapshot.devices) {
    if (isConfiguration(device)) add(byType, device.type, device);
  }
  let devices: Map<string, Device> | undefined;
  const index: HostIndex = {
    byType,
    byParent,
    size: [...byType.values()].reduce((sum, { length }) => sum + length, 0),
    device: (id) => {
      devices ??= new Map(snapshot.devices.map((device) => [device.id, device]));
      return devices.get(id);
    },
  };
  KNOWN.set(snapshot.devices, { types: snapshot.types, index });
  return index;
}

function isConfiguration({ kind, use, facts }: Device): boolean {
  if (facts.vgpuType === null) return false;
  return kind !== "mdev" || use.state !== "in-use";
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
