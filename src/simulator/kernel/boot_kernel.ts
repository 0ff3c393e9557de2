import {
  VFIO_DEVICE_STATE_RUNNING,
  VFIO_DEVICE_STATE_V1_RUNNING,
} from "../../../ffi/vfio_migration.ts";
import type { HostRoots } from "../../host/roots.ts";
import { configSpace } from "../pci_config_space.ts";
import type { Scenario, SimulatedDevice } from "../scenario.ts";
import { groupNode, isViable } from "../topology.ts";
import type { DeviceState, GroupState, Kernel } from "./kernel.ts";
import { showState } from "./debugfs.ts";
import { Memory } from "./memory.ts";

/** The kernel of a scenario, just booted. The scenario's processes hold their devices. */
export function bootKernel(scenario: Scenario, roots: HostRoots): Kernel {
  const kernel: Kernel = {
    scenario,
    roots,
    made: new Map(),
    groups: new Map(),
    devices: new Map(),
    memory: new Memory(),
    files: new Map(),
  };
  const held = new Set(scenario.processes.flatMap((process) => process.files));
  for (const device of scenario.devices) addDevice(kernel, device, held);
  return kernel;
}

/** Adds a device, and its group with the group's first device. Skips a device without a VFIO driver. */
export function addDevice(
  { scenario, roots, groups, devices }: Kernel,
  device: SimulatedDevice,
  held: ReadonlySet<string> = new Set(),
): void {
  const { id, iommuGroup, vfio } = device;
  if (vfio === null) return;
  const node = groupNode(device);
  const group: GroupState = groups.get(node) ?? {
    noiommu: vfio.iommu === "noiommu",
    viable: isViable(scenario, iommuGroup),
    held: held.has(`/dev/vfio/${node}`),
    devices: [],
    openFiles: 0,
    boundCdevs: 0,
    container: null,
  };
  const cdev = `vfio${vfio.index}`;
  const state: DeviceState = {
    id,
    vfio,
    group,
    held: held.has(`/dev/vfio/devices/${cdev}`),
    config: vfio.guest === null ? new Uint8Array() : configSpace(vfio.guest),
    openCount: 0,
    logging: false,
    state: VFIO_DEVICE_STATE_RUNNING,
    saving: null,
    resuming: null,
    v1: {
      state: VFIO_DEVICE_STATE_V1_RUNNING,
      pending: 0,
      offered: false,
      received: [],
      data: new Uint8Array(vfio.migration?.uapi === "v1" ? vfio.migration.dataBytes : 0),
    },
  };
  showState(roots, state);
  group.devices.push(state);
  groups.set(node, group);
  devices.set(cdev, state);
}
