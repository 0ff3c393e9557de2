/** A host to simulate, as plain data: the contents of its trees, and how its drivers answer. */
export interface Scenario {
  readonly host: SimulatedHost;
  readonly modules: readonly KernelModule[];
  readonly devices: readonly SimulatedDevice[];
  readonly processes: readonly SimulatedProcess[];
}

/** Properties of the host: its names, and its kernel's configuration and boot options. */
export interface SimulatedHost {
  readonly name: string;
  /** `uname -r`: `6.8.0-51-generic`. */
  readonly kernel: string;
  readonly bootId: string;
  /** Whether the kernel has IOMMUFD, and therefore `/dev/iommu` and cdevs. */
  readonly iommufd: boolean;
  /** Whether the IOMMU can track dirty pages. */
  readonly iommuDirtyTracking: boolean;
  /** Whether the `vfio` module allows devices without an IOMMU. */
  readonly noiommu: boolean;
}

/** A loaded module: `/sys/module/<name>`. */
export interface KernelModule {
  readonly name: string;
  /** Out-of-tree modules have one, in-tree modules rarely. */
  readonly version: string | null;
  readonly srcversion: string;
}

/** Any device in sysfs, VFIO or not. */
export interface SimulatedDevice {
  /** The name in sysfs: a PCI address, an mdev's UUID. */
  readonly id: string;
  /** The bus, as named in sysfs: `pci`, `mdev`, `platform`. A device without a bus has a class, such as the parents of the kernel's samples. */
  readonly subsystem: { readonly bus: string } | { readonly class: string };
  /** The directory, below `/sys/devices`. */
  readonly directory: string;
  readonly driver: string | null;
  readonly iommuGroup: number | null;
  readonly numaNode: number | null;
  /** The PCI function in sysfs. Null on other buses. */
  readonly pci: PciHeader | null;
  /** For a virtual function: its physical function. */
  readonly physfn: string | null;
  /** `sriov_totalvfs`, or null without SR-IOV. */
  readonly totalVfs: number | null;
  /** The types of mdev that it offers. */
  readonly mdevTypes: readonly SimulatedMdevType[];
  /** For an mdev: the directory of its type. */
  readonly mdevType: string | null;
  /** Further attributes: text by path below the device. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Unreadable attributes: planted as directories, so that a read fails. */
  readonly unreadable: readonly string[];
  /** Null if no VFIO driver is bound. */
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
  /** Size of the configuration space in bytes: 256, or 4096 for a PCI Express function. */
  readonly configBytes: 256 | 4096;
  readonly bars: readonly SimulatedBar[];
  readonly capabilities: readonly SimulatedCapability[];
  /** Those from 0x100 on, without content. */
  readonly extendedCapabilities: readonly (readonly [id: number, offset: number])[];
}

/** A base address register in use. */
export interface SimulatedBar {
  readonly index: number;
  readonly size: number;
  readonly kind: "mem32" | "mem64" | "io";
  readonly prefetchable: boolean;
  /** The address where the host mapped it. 0 for an mdev, where the guest decides. */
  readonly address: number;
  /** What may be mapped into a process: nothing, everything, everything including the MSI-X table, or some areas. */
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
  /** `emulated` is for mdevs, `noiommu` for devices without an IOMMU. */
  readonly iommu: "physical" | "emulated" | "noiommu";
  /** The PCI configuration that a guest sees. Null if the device is not a PCI function. */
  readonly guest: PciHeader | null;
  /** Sizes of the regions of a device that is not a PCI function. */
  readonly regionSizes: readonly number[];
  /** Vectors by interrupt index. Null for an index that the driver refuses. */
  readonly irqs: readonly (number | null)[];
  /** `unflagged`: works, although the device's flags do not show it. */
  readonly reset: "flagged" | "unflagged";
  /** The errno of every attempt to open the device. Null if it opens. */
  readonly openErrno: string | null;
  /** The driver's generation of the migration uAPI. Null for none. */
  readonly migration: MigrationV2 | MigrationV1 | null;
  /** DMA logging. `fails`: succeeds at the probe and fails the report. */
  readonly dirtyTracking: "works" | "fails" | "absent";
}

/** The state machine behind `VFIO_DEVICE_FEATURE`. */
export interface MigrationV2 {
  readonly uapi: "v2";
  readonly flags: readonly ("stop-copy" | "p2p" | "pre-copy")[];
  /** Size of a whole stream in bytes. */
  readonly stopCopyBytes: number;
  /**
   * The first bytes of every stream, in hexadecimal. Pre-copy sends them first, and a stream must begin with them to be
   * resumed. Null if the driver checks nothing.
   */
  readonly initialData: string | null;
  /** The errno of the write that completes another device's initial data. */
  readonly refusal: string;
  /** The result of a read in pre-copy when nothing is left: the end, or an errno. */
  readonly drained: "end" | "ENOMSG";
  /** Whether the state survives the last close, as with the sample drivers. */
  readonly keepsStateOnClose: boolean;
}

/** The migration region of Linux 5.8 to 5.17. */
export interface MigrationV1 {
  readonly uapi: "v1";
  /** Offset and size of the region's data section, in bytes. */
  readonly dataOffset: number;
  readonly dataBytes: number;
  readonly initialData: string;
  readonly refusal: string;
}

/** A type in a parent's `mdev_supported_types`. */
export interface SimulatedMdevType {
  /** The directory: `nvidia-222`. */
  readonly type: string;
  readonly name: string;
  readonly description: string | null;
  readonly availableInstances: number;
  /** The VFIO properties of a device of this type. Missing if this host has none. */
  readonly makes?: { readonly driver: string; readonly vfio: SimulatedVfio };
}

/** A process, its descriptors as `/proc/<pid>/fd` shows them, and its arguments. */
export interface SimulatedProcess {
  readonly pid: number;
  readonly comm: string;
  readonly files: readonly string[];
  readonly args?: readonly string[];
}
