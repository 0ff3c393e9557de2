import { TRACKING_CODES, UNMIGRATABLE, UNUSABLE, VMM_CODES } from "./shared_codes.ts";

/** Why a driver has no migration. It blocks if the driver was probed. */
const NO_MIGRATION = {
  DriverHasNoMigration: "No version of the driver supports migration.",
  KernelTooOld: "The driver supports migration in a later kernel.",
  PhysicalFunction: "Variant drivers migrate virtual functions only.",
  VariantDriverMissing: "The variant driver for the function is not installed.",
};

/**
 * All codes of doctor's findings by level, with their meanings. `docs/reasons.md` is written from it. Only its types are
 * in the program.
 */
export const FINDING_CODES = {
  blocks: {
    ...UNUSABLE,
    ...NO_MIGRATION,
    NoMigration: "The driver does not support migration.",
    DeviceNotMigratable: "The driver supports migration, but not of this device.",
    GroupNotViable: "The host uses another device of the IOMMU group.",
    VariantDriverNotBound:
      "The kernel has a driver that can migrate the function. It is not bound.",
  },
  unknown: {
    ...NO_MIGRATION,
    ...UNMIGRATABLE,
    Stuck: UNUSABLE.Stuck,
    HoldersUnknown: "`/proc` does not show who uses the device.",
    InUse: "The device is in use, and no idle device of its kind has been asked.",
    NoNode: "The device has no node in `/dev/vfio`.",
    NotAsked: "Nobody has asked the device.",
    NotPermitted: "The device may not be opened.",
    OpenRefused: "The device could not be opened or asked.",
    Settling: "The device is new, and is left alone for some time.",
    Unreadable: "The device could not be read from sysfs.",
  },
  limits: {
    ...VMM_CODES.refuses,
    ...VMM_CODES.limits,
    ...TRACKING_CODES.limits,
    IommuOff: "No IOMMU is enabled. No PCI function can be assigned.",
    KernelWithoutV2: "The kernel is older than VFIO migration v2.",
    NoP2p: "The driver does not support P2P.",
    OnlyV1: "The driver supports VFIO migration v1 only.",
  },
  note: {
    ...VMM_CODES.note,
    ...TRACKING_CODES.note,
    NoIommufd: "The host has no iommufd or no VFIO cdevs.",
    NoLibvirt: "No libvirt was found.",
    NoModulesAlias: "`modules.alias` cannot be read, so variant drivers are not known.",
    NoPreCopy: "The driver does not support PRE_COPY.",
    NoQemu: "No QEMU was found.",
  },
};

type Table = typeof FINDING_CODES;

/** The codes of a level. */
export type FindingCode<Level extends keyof Table = keyof Table> = {
  [L in Level]: keyof Table[L];
}[Level];
