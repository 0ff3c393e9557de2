import type { Bytes } from "../../../ffi/syscalls.ts";
import type { HostRoots } from "../../host/roots.ts";
import type { Scenario, SimulatedDevice, SimulatedVfio } from "../scenario.ts";
import type { Argument } from "./argument.ts";
import type { Memory } from "./memory.ts";

/** The state of the simulated kernel. */
export interface Kernel {
  readonly scenario: Scenario;
  /** Where its trees are planted. Devices appear and disappear there. */
  readonly roots: HostRoots;
  /** Mdevs created since boot, by name. */
  readonly made: Map<string, SimulatedDevice>;
  readonly memory: Memory;
  /** Open files by descriptor. */
  readonly files: Map<number, OpenFile>;
  /** Groups by the name of their node: `12`, `noiommu-3`. */
  readonly groups: Map<string, GroupState>;
  /** VFIO devices by the name of their cdev: `vfio3`. */
  readonly devices: Map<string, DeviceState>;
}

/** An open file with the operations of its kind. Calls that it lacks are refused. */
export interface OpenFile {
  /** The state of a file that others refer to by descriptor. */
  readonly container?: ContainerState;
  readonly iommufd?: IommufdState;
  ioctl(request: number, argument: Argument): number;
  read?(buffer: Bytes): number;
  write?(buffer: Bytes): number;
  pread?(buffer: Bytes, offset: bigint): number;
  pwrite?(buffer: Bytes, offset: bigint): number;
  /** Called once, on close. */
  release?(): void;
}

/** An open container and its groups. */
export interface ContainerState {
  readonly groups: Set<GroupState>;
  /** The choice of `VFIO_SET_IOMMU`. Null before. */
  iommu: number | null;
}

/** A group, open or not. */
export interface GroupState {
  readonly noiommu: boolean;
  readonly viable: boolean;
  /** Whether a process of the scenario has it open. */
  readonly held: boolean;
  readonly devices: DeviceState[];
  /** Its own file, and one for each device opened through it. */
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
  /** The v2 state and the open streams. */
  state: number;
  saving: Stream | null;
  resuming: Stream | null;
  readonly v1: RegistersV1;
}

/** A stream of migration data behind a data descriptor. `disabled`: closed by the device. */
export interface Stream {
  readonly data: Bytes;
  /** Bytes in `data`, and how many of them were read. */
  filled: number;
  position: number;
  disabled: boolean;
}

/** The v1 migration region: its state, the unread amount, and the data section. */
export interface RegistersV1 {
  state: number;
  pending: number;
  /** Whether `data_size` was read after `pending_bytes`. */
  offered: boolean;
  received: number[];
  readonly data: Bytes;
}

/** An open iommufd: its objects by number. */
export interface IommufdState {
  readonly objects: Map<number, IommufdObject>;
  nextId: number;
}

/** `device` is the object of a physical device, `access` of an emulated one. `parent` is the IOAS of an HWPT. */
export interface IommufdObject {
  readonly kind: "ioas" | "device" | "access" | "hwpt";
  readonly parent: number | null;
  readonly dirtyTracking: boolean;
  /** For an HWPT: whether tracking is on. */
  tracking: boolean;
  /** For an IOAS: the length of each mapping, by its first address. */
  readonly mappings: Map<bigint, bigint>;
  /** Created by the kernel on attach, removed on detach. */
  readonly automatic: boolean;
  users: number;
}
