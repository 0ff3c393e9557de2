import type { Check, Device, Driver, Migration } from "../../documents/mod.ts";
import type { HostSoftware } from "../vmm/mod.ts";

/** A VFIO driver for a function: the module, and the driver that it registers. */
export interface Variant {
  module: string;
  driver: string;
}

/** What came of asking a device, or the one that was asked for its class. */
export interface Asked {
  device: string;
  outcome: string;
  sentence: string;
  remedy: string | null;
  check: Check | null;
}

/** What the diagnosis of a VFIO device goes by. */
export interface DeviceExamination {
  device: Device;
  /** The host's kernel release. */
  kernel: string;
  /** The variant driver that this kernel has for it, null where it has none or that is not known. */
  variant: Variant | null;
  /** The variant driver that Linux has for it in some version. */
  upstream: (Variant & { since: string }) | null;
  /** The others in its IOMMU group that are bound to drivers of the host. */
  strangers: { id: string; driver: string }[];
  /** Null where nobody was asked just now. */
  asked: Asked | null;
  /** Whether it is left alone because it is new. */
  settling: boolean;
  /** Whether devices are asked at all. */
  mayAsk: boolean;
}

/** What the diagnosis of a virtual function that no VFIO driver has goes by. */
export interface FunctionExamination {
  id: string;
  parent: string;
  driver: Driver | null;
  modalias: string;
  variant: Variant;
}

/** A device that could not be read, and why. */
export interface Unreadable {
  id: string;
  sentence: string;
  remedy: string | null;
}

/** What the diagnosis of a host goes by. */
export interface HostExamination {
  kernel: string;
  iommu: { units: string[]; groups: boolean };
  /** Whether there is `/dev/iommu`. */
  iommufd: boolean;
  /** Whether there are devices of VFIO, and some of them have a cdev. */
  devices: number;
  cdevs: number;
  /** Whether the kernel's list of VFIO drivers could be read. */
  aliases: boolean;
  /** Null where another host than this one is looked at. */
  software: HostSoftware | null;
  /** What the devices are like that a monitor would migrate. */
  migratable: { kind: Device["kind"]; driver: Driver | null; migration: Migration }[];
}
