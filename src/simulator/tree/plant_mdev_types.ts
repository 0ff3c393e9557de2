import type { Scenario, SimulatedDevice, SimulatedMdevType } from "../scenario.ts";
import { devicePath } from "../topology.ts";
import type { Tree } from "./tree.ts";

/** `mdev_supported_types` of each parent, and the links between a type and its devices. */
export function plantMdevTypes(sys: Tree, scenario: Scenario): void {
  for (const parent of scenario.devices) {
    if (parent.mdevTypes.length === 0) continue;
    sys.link(`class/mdev_bus/${parent.id}`, devicePath(parent));
    for (const type of parent.mdevTypes) plantType(sys, scenario, type, devicePath(parent));
  }
}

function plantType(sys: Tree, scenario: Scenario, type: SimulatedMdevType, parent: string): void {
  const path = `${parent}/mdev_supported_types/${type.type}`;
  sys.attribute(`${path}/name`, type.name);
  sys.attribute(`${path}/device_api`, type.deviceApi);
  sys.attribute(`${path}/available_instances`, String(type.availableInstances));
  if (type.description !== null) sys.attribute(`${path}/description`, type.description);
  sys.bytes(`${path}/create`, new Uint8Array());
  sys.directory(`${path}/devices`);
  for (const device of scenario.devices) {
    const here = device.directory.startsWith(`${parent.slice("devices/".length)}/`);
    if (device.mdevType === type.type && here) plantMdevLinks(sys, device, path);
  }
}

/** The links between an mdev and its type's directory, and the attribute that removes the mdev. */
export function plantMdevLinks(sys: Tree, device: SimulatedDevice, type: string): void {
  sys.link(`${type}/devices/${device.id}`, devicePath(device));
  sys.link(`${devicePath(device)}/mdev_type`, type);
  sys.bytes(`${devicePath(device)}/remove`, new Uint8Array());
}
