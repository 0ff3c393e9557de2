import { compareText, type Device, type DeviceType, type Snapshot } from "../documents/mod.ts";

/** How many devices of one type a parent has, or can make, for live migrations. */
export interface TypeCount {
  /** The parent of the devices; a device without a parent is its own. */
  provider: string;
  type: string;
  /** A short name of the type: that of the driver and the PCI ids, if the type is a modalias. Not always unique. */
  name: string;
  driver: string | null;
  /** The version of the migration uAPI. `unknown`: nobody has asked. */
  uapi: "v2" | "v1" | "none" | "unknown";
  /** The features that all of them have. */
  features: string[];
  /** The devices that exist, and those that can be created. Types of one parent may share its room. */
  total: number;
  /** Those of them that a virtual machine can use now. */
  free: number;
  /** Devices that are not in `total`, because they cannot be used: in trouble, or without an IOMMU. */
  unusable: number;
}

/**
 * Counts the devices and types of a snapshot by parent, type and migration uAPI, in the order of their names. What is
 * not known is not free. Pure.
 */
export function countTypes({ devices, types }: Snapshot): TypeCount[] {
  const counted = [
    // An SR-IOV function without a vGPU type is represented by the types that can be set on it.
    ...devices.filter(({ facts }) => facts.vgpuType !== null).map(ofDevice),
    ...types.map(ofType),
  ];
  // What cannot be made now, and nobody has asked, is of no use to anybody.
  const isOfUse = ({ uapi, total, unusable }: TypeCount) =>
    uapi === "v2" || uapi === "v1" || total > 0 || unusable > 0;
  const keyOf = ({ provider, type, uapi, driver }: TypeCount) =>
    JSON.stringify([provider, type, uapi, driver]);
  return [...Map.groupBy(counted, keyOf).values()].map((alike) => ({
    ...alike[0]!,
    features: alike[0]!.features.filter((feature) =>
      alike.every(({ features }) => features.includes(feature))
    ),
    total: sum(alike, "total"),
    free: sum(alike, "free"),
    unusable: sum(alike, "unusable"),
  })).filter(isOfUse).sort((a, b) => compareText(keyOf(a), keyOf(b)));
}

function ofDevice(device: Device): TypeCount {
  const { id, parent, use, trouble, nodes, state } = device;
  const isUnusable = Boolean(trouble) || (nodes.group?.includes("/noiommu-") ?? false);
  return {
    ...shared(device, device.driver?.name ?? null),
    provider: parent ?? id,
    total: isUnusable ? 0 : 1,
    free: !isUnusable && use.state === "idle" && state !== null ? 1 : 0,
    unusable: isUnusable ? 1 : 0,
  };
}

function ofType(type: DeviceType): TypeCount {
  const instances = type.availableInstances ?? 0;
  return {
    ...shared(type, type.driver?.name ?? type.parentDriver?.name ?? null),
    provider: type.parent,
    total: instances,
    free: instances,
    unusable: 0,
  };
}

function shared(entry: Device | DeviceType, driver: string | null) {
  const { type, migration } = entry;
  const pci = "pci" in entry && entry.kind === "pci" && type.includes(":") ? entry.pci : null;
  const id = (text: string) => text.replace(/^0x/, "");
  return {
    type,
    name: pci === null ? type : `${driver ?? "pci"}-${id(pci.vendor)}-${id(pci.device)}`,
    driver,
    uapi: migration.uapi,
    features: [...migration.features],
  };
}

function sum(counts: readonly TypeCount[], field: "total" | "free" | "unusable"): number {
  return counts.reduce((sum, count) => sum + count[field], 0);
}
