import type { Device, DeviceType, Snapshot } from "../../documents/mod.ts";

/** A snapshot by what is looked up in it. */
export interface HostIndex {
  /** All configurations by the name of their type. */
  byType: ReadonlyMap<string, readonly (Device | DeviceType)[]>;
  /** All types by the parent that they share. */
  byParent: ReadonlyMap<string, readonly DeviceType[]>;
  /** How many configurations there are. */
  size: number;
  device: (id: string) => Device | undefined;
}

/** A snapshot never changes, and one that shows the same again has the same lists: they are read through but once. */
const KNOWN = new WeakMap<readonly Device[], { types: readonly DeviceType[]; index: HostIndex }>();

/**
 * The index of a snapshot. What somebody asks for one type costs what configurations of that type there are, however
 * many others the host has.
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
