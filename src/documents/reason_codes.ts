import { TRACKING_CODES, UNMIGRATABLE, UNUSABLE, VMM_CODES } from "./shared_codes.ts";

/**
 * All codes of reasons in answers, by origin and by effect on the verdict, with their meanings. `docs/reasons.md` is
 * written from it. Only its types are in the program.
 */
export const REASON_CODES = {
  /** The checks of each candidate. */
  checks: {
    accept: {
      SameType: "The type is the source's. This alone is no evidence.",
    },
    refuse: {
      ...UNUSABLE,
      SourceItself: "The candidate is the source itself.",
      TypeDiffers:
        "The types differ, and no rule covers the pair. A passing test makes it a warning.",
      TypeNeverAvailable: "The parent can make no device of this type, although it has none.",
      DeviceApiDiffers: "The device APIs differ, such as vfio-pci and vfio-ap.",
      SourceCannotMigrate: "The source's driver does not support migration.",
      TargetCannotMigrate: "The driver on this host does not support migration.",
      UapiDiffers: "The drivers use different versions of the VFIO migration uAPI.",
      PciConfigDiffers: "The PCI configurations differ where QEMU compares them.",
      PciDeviceRefused: "QEMU does not start with a device that has this PCI configuration.",
      BarsDiffer:
        "The BARs differ. The guest has mapped them, and QEMU does not check their sizes.",
      SubsystemDiffers: "The PCI subsystem ids differ, and `--subsystem=refuse` is set.",
    },
    unknown: {
      NobodyCompares: "No rule and no test compares the devices.",
      SourceNotObserved: "Nobody has asked the source's driver whether it supports migration.",
      TargetNotObserved: "Nobody has asked a device of this kind whether it supports migration.",
      VersionNotTested: "The version attributes differ. Only the driver can compare them.",
      PciConfigUnknown: "QEMU compares parts of the PCI configuration that are not known.",
    },
    warn: {
      ...VMM_CODES.limits,
      ...VMM_CODES.note,
      P2pMissing: "The source's driver supports P2P, and the driver on this host does not.",
      PreCopyMissing:
        "The source's driver supports PRE_COPY, and the driver on this host does not.",
      StateNotKnown:
        "A process let go of the device, and nobody has read its migration state since.",
      DriverVersionDiffers: "The versions of the driver differ.",
      VendorSpecificDiffers: "A vendor-specific PCI capability differs. QEMU does not compare it.",
      SubsystemDiffers: "The PCI subsystem ids differ. QEMU does not compare them.",
      KernelTooOld: "The kernel is older than VFIO migration v2, and no device was asked.",
      DirtyTrackingFailsHere: "As `DirtyTrackingFails`, for a later migration from this host.",
      DirtyTrackingMissingHere: "As `DirtyTrackingMissing`, for a later migration from this host.",
      DirtyTrackingUnknownHere: "As `DirtyTrackingUnknown`, for a later migration from this host.",
      IommufdNeededHere: "As `IommufdNeeded`, for a later migration from this host.",
    },
    tell: {
      TypeNotOnHost: "The host has no device and no type with the source's type.",
    },
  },
  /** What QEMU needs on either side. */
  needs: {
    need: {
      ...UNMIGRATABLE,
      ...VMM_CODES.refuses,
      ...TRACKING_CODES.limits,
      ...TRACKING_CODES.note,
      MachineType: "The destination must have the source's machine type.",
      MigrationDisabled: "The source's QEMU runs with `enable-migration=off`.",
    },
  },
  /** Tests, by the driver and by the version attribute. */
  tests: {
    accept: {
      DriverAccepted:
        "The driver accepted the source's initial data, and is known to look at them.",
      VersionAccepted: "The version attribute accepted the source's version.",
    },
    refuse: {
      DriverRefused: "The driver refused the source's initial data.",
      VersionRefused: "The version attribute refused the source's version.",
    },
    warn: {
      NotTested: "The test was not made.",
      Stuck: "The process that made the test is stuck in the driver.",
      DeviceIsNew: "All devices to test on are new, and are left alone for some time.",
      InitialDataMissing: "The source's identity has no initial data.",
      InitialDataShort: "The source's data may be too short for the driver to look at them.",
      NotRefused: "The driver did not refuse a part of STOP_COPY data, which proves nothing.",
      NotControlled: "The driver accepted the data, but was not seen to compare them.",
      DriverDoesNotLook: "The driver accepted altered data too.",
      PartlyTaken: "The driver took a part of the data only.",
      RefusalUnclear: "The driver gave an error that may have another cause than the data.",
      TestFailed: "The test could not be completed.",
      TestUnsound: "The driver did not accept its own device's data.",
      VersionNotTested: "The version attribute gave no clear answer.",
    },
  },
  /** Earlier migrations between the same builds. */
  outcomes: {
    accept: {
      MigratedBefore: "Migrations between the same builds of both sides succeeded.",
    },
    unknown: {
      FailedBefore:
        "Migrations between the same builds of both sides failed for a reason of the device. Only a passing test of the driver makes it a warning.",
    },
  },
  /** Rules: findings without a code of the rule. */
  rules: {
    accept: {
      RuleAccepts: "A rule accepts the pair.",
    },
    refuse: {
      RuleRefuses: "A rule refuses the pair.",
    },
    unknown: {
      FirmwareDecides: "A rule covers the pair, but only the driver or the firmware can decide.",
    },
    condition: {
      FactDiffers: "A fact is not equal.",
      FactTooSmall: "A number is less than the rule demands.",
      FactTooLarge: "A number is more than the rule demands.",
      FactLacking: "The host's set lacks members of the source's.",
      FactNotAccepted: "A fact is not one of those that the rule accepts.",
      VersionOutOfRange: "A version is not in the range that the rule accepts.",
      FactMissing: "A fact that the rule compares is not known.",
    },
  },
  /** The codes in the shipped rules. */
  shippedRules: {
    refuse: {
      CapabilitiesLacking: "QAT: the device offers `dc` for a source with `dcc`.",
      DeviceDiffers: "The parent devices differ.",
      EccDiffers: "NVIDIA vGPU: the ECC modes differ.",
      MatrixDiffers: "vfio_ap: the guest would have other AP queues.",
      MemoryTooSmall: "xe: the function has less video memory than the source.",
      QueueMissing: "vfio_ap: the host lacks an AP queue of the source.",
      RevisionDiffers: "The revisions of the parent devices differ.",
      ServicesDiffer: "QAT: the services differ.",
      TypeNameDiffers: "NVIDIA vGPU: one type number stands for different vGPU types.",
    },
    unknown: {
      AdapterDiffers: "mlx5: the PSIDs of the adapters differ.",
      BindingDiffers: "NVIDIA vGPU: one is an mdev, the other a virtual function.",
      CardDiffers: "vfio_ap: the AP cards differ.",
      DeviceDecides: "virtio: only the device can compare, in a test.",
      DriverDecides: "Only the driver can compare, in a test.",
      FirmwareDiffers: "The firmware versions differ.",
      LinkLayerUnsupported: "mlx5: the vendor supports migration on Ethernet only.",
      MemoryLarger: "xe: the function has more video memory than the source.",
      NoMigrationUpstream: "No kernel.org driver migrates these devices.",
      QueuesMayDiffer: "HiSilicon: the functions may have different numbers of queues.",
      TypeNameUnknown: "NVIDIA vGPU: the type is known by number only.",
      VgpuManagerDiffers: "NVIDIA vGPU: the versions of the vGPU manager differ.",
      VgpuParametersSet: "NVIDIA vGPU: parameters are set that may forbid migration.",
    },
    warn: {
      ControlDomainsDiffer: "vfio_ap: the control domains differ.",
      FunctionsAtATime: "mlx5: the adapter limits how many functions migrate at a time.",
    },
    unavailable: {
      QueueTaken: "vfio_ap: another mdev has an AP queue of the source.",
    },
  },
  /** Plans for all devices of a virtual machine together. */
  plans: {
    refuse: {
      NoConfiguration: "No configuration of the host can take the source.",
      NotEnoughInstances: "The host has fewer free instances than the sources need.",
      P2pMissing: "QEMU migrates several VFIO devices only where all of them support P2P.",
    },
    unknown: {
      DevicesNotKnown: "Not all devices of the virtual machine are known.",
      P2pUnknown: "Nobody has asked whether a device supports P2P.",
      ParentShareUnknown: "It is not known whether the parent has room for all types together.",
      PlanBudget: "The search ended early. A plan that was not looked at may be better.",
      QemuMigratesOneDevice: VMM_CODES.limits.QemuMigratesOneDevice,
    },
    unavailable: {
      MustBeFreed: "A device or an instance must be freed first.",
    },
  },
  /** What QEMU refuses and no host can see, in every answer. */
  notSeen: {
    tell: {
      Viommu: "The virtual machine has a vIOMMU.",
      PostCopy: "The migration uses post-copy.",
      BackgroundSnapshot: "The migration is a background snapshot.",
      OtherDevices: "The virtual machine has other devices that cannot migrate.",
    },
  },
};

type Table = typeof REASON_CODES;

/** The codes of an origin with an effect. */
export type CodeOf<Room extends keyof Table, Effect extends keyof Table[Room]> =
  & keyof Table[Room][Effect]
  & string;

/** Every code of a reason, except those of operators' rules. */
export type ReasonCode = {
  [Room in keyof Table]: { [Effect in keyof Table[Room]]: CodeOf<Room, Effect> }[keyof Table[Room]];
}[keyof Table];
