import { dirname } from "@std/path";
import type { Scenario, SimulatedDevice } from "../scenario.ts";
import { devicePath, hasCdev } from "../topology.ts";
import { pciAttributes, plantConfig } from "./plant_pci.ts";
import type { Tree } from "./tree.ts";

/** The major number that the kernel assigned to `vfio-dev`. */
const VFIO_DEV_MAJOR = 511;

/** One device's directory, and the links to it and from it. */
export function plantDevice(sys: Tree, scenario: Scenario, device: SimulatedDevice): void {
  const path = devicePath(device);
  sys.directory(path);
  plantSubsystem(sys, device);
  if (device.numaNode !== null) sys.attribute(`${path}/numa_node`, String(device.numaNode));
  for (const [name, text] of Object.entries({ ...pciAttributes(device), ...device.attributes })) {
    if (device.unreadable.includes(name)) sys.directory(`${path}/${name}`);
    else sys.attribute(`${path}/${name}`, text);
  }
  plantConfig(sys, device);
  if (device.iommuGroup !== null) {
    sys.link(`${path}/iommu_group`, `kernel/iommu_groups/${device.iommuGroup}`);
  }
  plantFunctions(sys, scenario, device);
  plantVfio(sys, scenario, device);
  plantMdevTypes(sys, device);
  plantMdevLinks(sys, device);
}

function plantSubsystem(sys: Tree, device: SimulatedDevice): void {
  const { subsystem, driver, id } = device;
  const path = devicePath(device);
  if ("class" in subsystem) {
    sys.link(`${path}/subsystem`, `class/${subsystem.class}`);
    sys.link(`class/${subsystem.class}/${id}`, path);
    return;
  }
  sys.link(`${path}/subsystem`, `bus/${subsystem.bus}`);
  sys.link(`bus/${subsystem.bus}/devices/${id}`, path);
  if (driver === null) return;
  sys.link(`${path}/driver`, `bus/${subsystem.bus}/drivers/${driver}`);
  sys.link(`bus/${subsystem.bus}/drivers/${driver}/${id}`, path);
}

/** `physfn`, `virtfnN`, and the number of virtual functions. */
function plantFunctions(sys: Tree, scenario: Scenario, device: SimulatedDevice): void {
  const path = devicePath(device);
  const physical = scenario.devices.find(({ id }) => id === device.physfn);
  if (physical !== undefined) sys.link(`${path}/physfn`, devicePath(physical));
  if (device.totalVfs === null) return;
  const functions = scenario.devices.filter(({ physfn }) => physfn === device.id);
  sys.attribute(`${path}/sriov_totalvfs`, String(device.totalVfs));
  sys.attribute(`${path}/sriov_numvfs`, String(functions.length));
  functions.forEach((virtual, i) => sys.link(`${path}/virtfn${i}`, devicePath(virtual)));
}

/** `vfio-dev/vfioN`. Its `dev` exists only if the kernel has cdevs. */
function plantVfio(sys: Tree, scenario: Scenario, device: SimulatedDevice): void {
  if (device.vfio === null) return;
  const name = `vfio${device.vfio.index}`;
  const path = `${devicePath(device)}/vfio-dev/${name}`;
  sys.link(`${path}/device`, devicePath(device));
  sys.link(`${path}/subsystem`, "class/vfio-dev");
  sys.link(`class/vfio-dev/${name}`, path);
  if (hasCdev(scenario, device)) {
    sys.attribute(`${path}/dev`, `${VFIO_DEV_MAJOR}:${device.vfio.index}`);
  }
}

/** `mdev_supported_types` of a parent. */
function plantMdevTypes(sys: Tree, parent: SimulatedDevice): void {
  if (parent.mdevTypes.length > 0) sys.link(`class/mdev_bus/${parent.id}`, devicePath(parent));
  for (const type of parent.mdevTypes) {
    const path = `${devicePath(parent)}/mdev_supported_types/${type.type}`;
    sys.attribute(`${path}/name`, type.name);
    sys.attribute(`${path}/device_api`, "vfio-pci");
    sys.attribute(`${path}/available_instances`, String(type.availableInstances));
    if (type.description !== null) sys.attribute(`${path}/description`, type.description);
    sys.bytes(`${path}/create`, new Uint8Array());
    sys.directory(`${path}/devices`);
  }
}

/** The links between an mdev and its type's directory, and the attribute that removes the mdev. */
function plantMdevLinks(sys: Tree, device: SimulatedDevice): void {
  if (device.mdevType === null) return;
  sys.link(`${mdevTypePath(device)}/devices/${device.id}`, devicePath(device));
  sys.link(`${devicePath(device)}/mdev_type`, mdevTypePath(device));
  sys.bytes(`${devicePath(device)}/remove`, new Uint8Array());
}

/** The directory of an mdev's type, in its parent's. */
export function mdevTypePath(device: SimulatedDevice): string {
  return `${dirname(devicePath(device))}/mdev_supported_types/${device.mdevType}`;
}
