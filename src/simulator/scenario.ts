/** A host to simulate, as plain data: what its trees show and how its drivers answer. */
export interface Scenario {
  /** Its name in {@link SCENARIOS}: `gpu-host`. */
  readonly name: string;
  /** One sentence for a person. */
  readonly summary: string;
  readonly host: SimulatedHost;
  readonly modules: readonly KernelModule[];
  readonly drivers: readonly KernelDriver[];
  readonly devices: readonly SimulatedDevice[];
  readonly mdevTypes: readonly SimulatedMdevType[];
  readonly processes: readonly SimulatedProcess[];
}

/** The host as such: its names, and what its kernel was built and booted with. */
export interface SimulatedHost {
  readonly name: string;
  /** `uname -r`: `6.8.0-51-generic`. */
  readonly kernel: string;
  readonly bootId: string;
  /** Whether the kernel has IOMMUFD, and so `/dev/iommu` and cdevs. */
  readonly iommufd: boolean;
  /** Whether the IOMMU itself can track dirty pages. */
  readonly iommuDirtyTracking: boolean;
  /** Whether the `vfio` module allows devices without an IOMMU. */
  readonly noiommu: boolean;
}

/** A module that is loaded: `/sys/module/<name>`. */
export interface KernelModule {
  readonly name: string;
  /** Out-of-tree modules have one, the kernel's own seldom. */
  readonly version: string | null;
  readonly srcversion: string;
}

/** A driver that is registered: `/sys/bus/<bus>/drivers/<name>`. */
export interface KernelDriver {
  /** The bus, as sysfs names it: `pci`, `mdev`, `platform`. */
  readonly bus: string;
  readonly name: string;
  /** Null where it is built in. */
  readonly module: string | null;
}

/** Any device in sysfs, of VFIO or not. */
export interface SimulatedDevice {
  /** The name in sysfs: a PCI address, an mdev's UUID. */
  readonly id: string;
  /** The bus; a class of its own where there is none, as for the parents of the kernel's samples. */
  readonly subsystem: { readonly bus: string } | { readonly class: string };
  /** The directory, below `/sys/devices`. */
  readonly directory: string;
  readonly driver: string | null;
  readonly iommuGroup: number | null;
  readonly numaNode: number | null;
  /** What sysfs says of a PCI function; null on other buses. */
  readonly pci: PciHeader | null;
  /** Of a virtual function: its physical function. */
  readonly physfn: string | null;
  /** `sriov_totalvfs`; null where the function has no SR-IOV. */
  readonly totalVfs: number | null;
  /** Of an mdev: the directory of its type. */
  readonly mdevType: string | null;
  /** Further attributes: text by path below the device. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Attributes that cannot be read: planted as directories, so that a read fails. */
  readonly unreadable: readonly string[];
  /** Null where no VFIO driver is bound. */
  readonly vfio: SimulatedVfio | null;
}

/** A PCI function's configuration header. */
export interface PciHeader {
  readonly vendor: number;
  readonly device: number;
  readonly subsystemVendor: number;
  readonly subsystemDevice: number;
  readonly revision: number;
  /** Class, subclass and interface: `0x030200`. */
  readonly class: number;
  /** Bytes of configuration space: 256, or 4096 of a PCI Express function. */
  readonly configBytes: 256 | 4096;
  readonly bars: readonly SimulatedBar[];
  readonly capabilities: readonly SimulatedCapability[];
  /** Those from 0x100 on. */
  readonly extendedCapabilities: readonly SimulatedCapability[];
}

/** A base address register in use. */
export interface SimulatedBar {
  readonly index: number;
  readonly size: number;
  readonly kind: "mem32" | "mem64" | "io";
  readonly prefetchable: boolean;
  /** Where the host has mapped it; 0 for an mdev, whose guest decides. */
  readonly address: number;
  /** What may be mapped into a process: nothing, all, all with the MSI-X table in it, or some areas. */
  readonly mmap: "none" | "whole" | "msix" | readonly (readonly [offset: number, size: number])[];
}

/** An entry of a capability list. */
export interface SimulatedCapability {
  readonly id: number;
  readonly offset: number;
  /** What follows the capability's header, in hexadecimal. */
  readonly body: string;
}

/** How a VFIO driver presents a device and answers for it. */
export interface SimulatedVfio {
  /** The number in `vfio-dev/vfioN`. */
  readonly index: number;
  readonly api: "vfio-pci" | "vfio-platform";
  /** `emulated` is an mdev's, `noiommu` a device's without an IOMMU. */
  readonly iommu: "physical" | "emulated" | "noiommu";
  /** The PCI configuration that a guest sees; null where the device is no PCI function. */
  readonly guest: PciHeader | null;
  /** Sizes of the regions of a device that is no PCI function. */
  readonly regionSizes: readonly number[];
  /** Vectors by interrupt index; null for an index that the driver refuses. */
  readonly irqs: readonly (number | null)[];
  /** `unflagged` works although the device's flags do not say so. */
  readonly reset: "flagged" | "unflagged" | "absent";
  /** The errno that opening the device always gives; null where it opens. */
  readonly openErrno: string | null;
  readonly migration: SimulatedMigration;
  /** DMA logging: `fails` answers the probe and refuses the report. */
  readonly dirtyTracking: "works" | "fails" | "absent";
}

/** Which generation of the migration uAPI a driver has; null is none. */
export type SimulatedMigration = MigrationV2 | MigrationV1 | null;

/** The state machine behind `VFIO_DEVICE_FEATURE`. */
export interface MigrationV2 {
  readonly uapi: "v2";
  readonly flags: readonly ("stop-copy" | "p2p" | "pre-copy")[];
  /** Bytes of a whole stream. */
  readonly stopCopyBytes: number;
  /**
   * The first bytes of every stream, in hexadecimal, which pre-copy sends first and which a stream must
   * begin with to be resumed; null where the driver looks at nothing.
   */
  readonly initialData: string | null;
  /** errno of the write that crosses the end of initial data that are not the device's own. */
  readonly refusal: string;
  /** What a read gives in pre-copy when there is nothing left: the end, or an errno. */
  readonly drained: "end" | "ENOMSG";
  /** Whether the state outlives the last close, as the sample drivers' does. */
  readonly keepsStateOnClose: boolean;
}

/** The migration region of Linux 5.8 to 5.17. */
export interface MigrationV1 {
  readonly uapi: "v1";
  /** Offset and bytes of the region's data section. */
  readonly dataOffset: number;
  readonly dataBytes: number;
  readonly initialData: string;
  readonly refusal: string;
}

/** A type that a parent can make, in its `mdev_supported_types`. */
export interface SimulatedMdevType {
  /** The parent's id. */
  readonly parent: string;
  /** The directory: `nvidia-222`. */
  readonly type: string;
  readonly name: string;
  readonly description: string | null;
  readonly deviceApi: string;
  readonly availableInstances: number;
  /** What a device that is made of it is to VFIO; left out where this host makes none. */
  readonly makes?: { readonly driver: string; readonly vfio: SimulatedVfio };
}

/** A process, and what each of its descriptors is, as `/proc/<pid>/fd` shows it. */
export interface SimulatedProcess {
  readonly pid: number;
  readonly comm: string;
  readonly files: readonly string[];
}
