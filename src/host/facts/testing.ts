import {
  plantDevice,
  type PlantedDevice,
  type PlantedHost,
  plantMdevType,
} from "../../../tests/fixtures/planted_host.ts";
import type { DeviceKind } from "../../documents/mod.ts";
import { readDevice, type SysfsDevice } from "../device.ts";
import type { Facts } from "./fact.ts";
import { readDeviceFacts } from "./read_facts.ts";
import type { ScanCache } from "../scan_cache.ts";

/** The directory of the physical function of {@link plantFunction}, below the root. */
export const PF = "devices/pci0000:c0/0000:c1:00.0";
/** The directory of its virtual function. */
export const VF = "devices/pci0000:c0/0000:c1:00.2";

const IDS = {
  vendor: "0x15b3",
  device: "0x101d",
  revision: "0x0a",
  subsystem_vendor: "0x15b3",
  subsystem_device: "0x0058",
  class: "0x020000",
};

/** The ids of the physical function, as facts. */
export const PARENT_FACTS: Facts = {
  parentDevice: "15b3:101d",
  parentRevision: "0a",
  parentSubsystem: "15b3:0058",
};

/** A planted device, as read back. */
export interface PlantedSubject {
  device: SysfsDevice;
  path: string;
}

/** Plants a device and reads it. */
export function plantAndRead(host: PlantedHost, planted: PlantedDevice): PlantedSubject {
  const path = plantDevice(host, planted);
  return { path, device: readDevice(host.roots, { kind: planted.bus as DeviceKind, path }) };
}

/** Plants a physical function and a virtual function of it, bound to a driver. */
export function plantFunction(
  host: PlantedHost,
  { driver, physical = {}, attributes = {} }: {
    driver: string;
    physical?: Partial<PlantedDevice>;
    attributes?: Readonly<Record<string, string>>;
  },
): PlantedSubject {
  const place = { bus: "pci", above: "pci0000:c0" };
  const own = { ...IDS, ...physical.attributes };
  plantDevice(host, { ...place, id: "0000:c1:00.0", ...physical, attributes: own });
  host.sys.link(`${VF}/physfn`, PF);
  host.sys.link(`${PF}/virtfn0`, VF);
  return plantAndRead(host, {
    ...place,
    id: "0000:c1:00.2",
    driver,
    attributes: { ...IDS, device: "0x101e", ...attributes },
  });
}

/** Plants an mdev and its type, bound to a driver. */
export function plantMdev(
  host: PlantedHost,
  { above, type, driver, name = type, attributes = {} }: {
    /** The parent's directory, below `/sys/devices`. */
    above: string;
    type: string;
    driver: string;
    name?: string;
    attributes?: Readonly<Record<string, string>>;
  },
): PlantedSubject {
  const id = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
  plantMdevType(host, { parent: above, type, attributes: { name }, mdevs: [id] });
  return plantAndRead(host, { bus: "mdev", id, above, driver, attributes });
}

/** The facts of a planted device. */
export function factsOf(
  { roots }: PlantedHost,
  { device, path }: PlantedSubject,
  cache?: ScanCache,
): Facts {
  return readDeviceFacts(roots, device, path, cache);
}
