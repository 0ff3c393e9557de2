import type { Bytes } from "../../../ffi/syscalls.ts";
import type { HostRoots } from "../../host/roots.ts";
import type { Scenario, SimulatedDevice, SimulatedVfio } from "../scenario.ts";
import type { Descriptors, OpenFile } from "./descriptors.ts";
import type { Memory } from "./memory.ts";

/** What the simulated kernel knows while it runs. */
export interface Kernel {
  readonly scenario: Scenario;
  /** Where its trees are planted, so that devices come and go in them. */
  readonly roots: HostRoots;
  /** Mdevs that were made since it booted, by name. */
  readonly made: Map<string, SimulatedDevice>;
  readonly memory: Memory;
  readonly descriptors: Descriptors;
  /** Groups by their node's name: `12`, `noiommu-3`. */
  readonly groups: Map<string, GroupState>;
  /** VFIO devices by their cdev's name: `vfio3`. */
  readonly devices: Map<string, DeviceState>;
  /** State of open files that others refer to by descriptor. */
  readonly containers: WeakMap<OpenFile, ContainerState>;
  readonly iommufds: WeakMap<OpenFile, IommufdState>;
}

/** An open container: which groups are in it. */
export interface ContainerState {
  readonly groups: Set<GroupState>;
  /** What `VFIO_SET_IOMMU` chose; null before. */
  iommu: number | null;
}

/** A group, open or not. */
export interface GroupState {
  readonly node: string;
  readonly noiommu: boolean;
  readonly viable: boolean;
  /** Whether a process of the scenario has it open. */
  readonly held: boolean;
  readonly devices: DeviceState[];
  /** Its own file and each device's that was opened through it. */
  openFiles: number;
  boundCdevs: number;
  container: ContainerState | null;
}

/** A VFIO device, open or not. */
export interface DeviceState {
  readonly id: string;
  readonly vfio: SimulatedVfio;
  readonly group: GroupState;
  /** Whether a process of the scenario has its cdev open. */
  readonly held: boolean;
  readonly config: Bytes;
  openCount: number;
  logging: boolean;
  /** The v2 state and the streams that are open. */
  state: number;
  saving: Stream | null;
  resuming: Stream | null;
  readonly v1: RegistersV1;
}

/** A stream of migration data behind a data descriptor; closed from the device's side where `disabled`. */
export interface Stream {
  readonly data: Bytes;
  /** Bytes in `data`, and how many of them were read. */
  filled: number;
  position: number;
  disabled: boolean;
}

/** The v1 migration region: its state, what is left to read, and the data section. */
export interface RegistersV1 {
  state: number;
  pending: number;
  /** Whether `data_size` was read since `pending_bytes` was. */
  offered: boolean;
  received: number[];
  readonly data: Bytes;
}

/** An open iommufd: its objects by number. */
export interface IommufdState {
  readonly objects: Map<number, IommufdObject>;
  nextId: number;
}

/** `device` is a physical device's object, `access` an emulated one's; `parent` is what an HWPT maps. */
export interface IommufdObject {
  readonly kind: "ioas" | "device" | "access" | "hwpt";
  readonly parent: number | null;
  readonly dirtyTracking: boolean;
  /** Of an HWPT: whether tracking is on. */
  tracking: boolean;
  /** Of an IOAS: what is mapped, by its first address, with its length. */
  readonly mappings: Map<bigint, bigint>;
  /** Made by the kernel on attach, gone on detach. */
  readonly automatic: boolean;
  users: number;
}
