/** Codes that answers and doctor share, with their meanings. */

/** What keeps a device from every migration. */
export const UNUSABLE = {
  Stuck: "A process is stuck in the driver of the device.",
  NeedsReset: "An earlier test left the device in a state other than RUNNING.",
  NotRunning: "The device is idle in RESUMING or ERROR. A migration into it would fail.",
  NoVgpuType: "No vGPU type is set on the virtual function.",
  NoIommuMode: "No IOMMU translates the device's DMA. No virtual machine can use the device.",
  VersionUnreadable: "The device's version attribute gives an error: the device cannot migrate.",
};

/** QEMU marks a kind of device unmigratable. */
export const UNMIGRATABLE = {
  QemuUnmigratable: "QEMU marks devices of this kind unmigratable.",
};

/** What versions of QEMU and libvirt refuse, limit or replace. */
export const VMM_CODES = {
  refuses: {
    QemuWithoutV2: "QEMU is too old for VFIO migration v2.",
    QemuWithoutV1: "This version of QEMU does not support VFIO migration v1.",
    QemuMigrationExperimental: "QEMU migrates VFIO devices with `x-enable-migration=on` only.",
  },
  limits: {
    QemuMigratesOneDevice: "QEMU migrates no virtual machine with more than one VFIO device.",
    QemuWithoutIommuDirtyTracking: "QEMU cannot use dirty page tracking by the IOMMU.",
    LibvirtWithoutMdev: "libvirt is too old for mediated devices.",
    LibvirtRefusesHostDevices: "libvirt refuses to migrate virtual machines with VFIO devices.",
    LibvirtWithoutVariantDrivers: "libvirt supports vfio-pci only, not variant drivers.",
    LibvirtBindsVfioPci: "libvirt binds managed PCI functions to vfio-pci, which cannot migrate.",
    LibvirtKeepsVgpuKind: "libvirt cannot migrate a vGPU between an mdev and a virtual function.",
  },
  note: {
    LibvirtWithoutIommufd: "libvirt cannot give a device the iommufd backend.",
  },
};

/** What QEMU must be started with for a device's dirty page tracking, which costs downtime or only an option. */
export const TRACKING_CODES = {
  limits: {
    DirtyTrackingFails: "The device's DMA logging fails, so QEMU must not use it.",
    DirtyTrackingMissing: "Nothing tracks dirty pages. QEMU needs `enable-migration=on`.",
    DirtyTrackingUnknown: "It is not known whether anything tracks dirty pages.",
  },
  note: {
    IommufdNeeded: "Only the IOMMU tracks dirty pages. QEMU needs the iommufd backend.",
  },
};
