import type { Check, Device, Driver, Migration } from "../../documents/mod.ts";
import type { HostSoftware } from "../vmm/mod.ts";

/** A VFIO driver for a function: the module, and the driver that it registers. */
export interface Variant {
  module: string;
  driver: string;
}

/** The result of asking a device, or the device that was asked for its class. */
export interface Asked {
  device: string;
  outcome: string;
  sentence: string;
  remedy: string | null;
  check: Check | null;
}

/** The input for the diagnosis of a VFIO device. */
export interface DeviceExamination {
  device: Device;
  /** The host's kernel release. */
  kernel: string;
  /** The variant driver that this kernel has for it. Null if there is none or that is unknown. */
  variant: Variant | null;
  /** The variant driver that some version of Linux has for it. */
  upstream: (Variant & { since: string }) | null;
  /** The other devices in its IOMMU group that are bound to host drivers. */
  strangers: { id: string; driver: string }[];
  /** Null if no device was asked in this run. */
  asked: Asked | null;
  /** Whether it is not asked yet because it is new. */
  settling: boolean;
  /** Whether vfio-ask may ask devices. */
  mayAsk: boolean;
}

/** The input for the diagnosis of a virtual function without a VFIO driver. */
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

/** The input for the diagnosis of a host. */
export interface HostExamination {
  kernel: string;
  iommu: { units: string[]; groups: boolean };
  /** Whether `/dev/iommu` exists. */
  iommufd: boolean;
  /** The number of VFIO devices, and of those with a cdev. */
  devices: number;
  cdevs: number;
  /** Whether the kernel's list of VFIO drivers could be read. */
  aliases: boolean;
  /** Null if the examined host is not this one. */
  software: HostSoftware | null;
  /** The devices that a virtual machine monitor could migrate. */
  migratable: { kind: Device["kind"]; driver: Driver | null; migration: Migration }[];
}
