import type {
  Device,
  Driver,
  Leveled,
  Migration,
  NeedOption,
  VMM_CODES,
} from "../../documents/mod.ts";
import { isOlder } from "../rules/mod.ts";

/** The programs that run virtual machines. */
export const VMMS = ["qemu", "libvirt"] as const;
export type Vmm = (typeof VMMS)[number];

/** The installed versions. Null if a program is missing or its version is unknown. */
export type HostSoftware = Record<Vmm, string | null>;

/** Their names in sentences. */
export const VMM_NAMES: Readonly<Record<Vmm, string>> = { qemu: "QEMU", libvirt: "libvirt" };

/** The parts of a device, or of an identity, that the conditions look at. */
export interface Migrating {
  kind: Device["kind"];
  driver: Driver | null;
  migration: Migration;
}

/**
 * Something that a range of versions of a program cannot do for a device. It `refuses` the migration, `limits` what can
 * be migrated, or is only a `note`.
 */
export type VmmCondition = Leveled<typeof VMM_CODES> & {
  program: Vmm;
  /** The versions that it holds for: from the first, and before the second. Null is no bound. */
  versions: readonly [from: string | null, before: string | null];
  /** Whether it matters for a device. `other` is the device on the other side, if there is one. */
  appliesTo: (device: Migrating, other?: Pick<Migrating, "kind">) => boolean;
  /** The text after the program's name and version. */
  sentence: string;
  remedy: string;
  /** The option that enables it in this version. */
  option?: NeedOption;
};

/** Before 8.1 the property was a boolean, off by default. Source: QEMU 7.2 hw/vfio/pci.c. */
const EXPERIMENTAL: NeedOption = {
  qemu: "-device vfio-pci,x-enable-migration=on",
  libvirt:
    "<qemu:override><qemu:device alias='hostdev0'><qemu:frontend><qemu:property name='x-enable-migration' type='bool' value='true'/></qemu:frontend></qemu:device></qemu:override>",
};

const isV2 = ({ migration }: Migrating) => migration.uapi === "v2";
const isV1 = ({ migration }: Migrating) => migration.uapi === "v1";
const hasIommuTracking = (device: Migrating) =>
  isV2(device) && device.migration.dirtyTracking === "iommu";
const isVariant = ({ kind, driver }: Migrating) =>
  kind === "pci" && driver !== null && driver.name !== "vfio-pci";

/**
 * What QEMU and libvirt need for a migration with VFIO devices.
 *
 * Source, QEMU: commits 31bcbbb5be04 "Implement VFIO migration protocol v2" with the removal of v1 in the same series,
 * and device dirty tracking, "VFIO updates for 8.0" (tags vfio-updates-20230216.0 and -20230307.1); v1 came with 5.2
 * and was always `x-enable-migration`; "Make VFIO migration non-experimental" and "Add VFIO migration pre-copy support"
 * (June 2023, 8.1); pull-vfio-20230911 with 5c7a4b60350e "Allow migration of multiple P2P supporting devices" (8.2);
 * pull-vfio-20240723 "IOMMUFD Dirty Tracking support" (9.1).
 *
 * Source, libvirt: NEWS of 3.2.0 (mdev), 9.7.0 ("basic support for use of VFIO variant drivers"), 10.0.0 ("automatic
 * selection/binding"), 11.0.0 ("allow migration of vGPU from mdev device <-> SRIOV VF device"), 12.1.0 (the IOMMUFD
 * backend of host devices); "skip hardcoded hostdev migration check if QEMU can do it for us" after 8.5.0
 * (rhbz#1497907), so 8.6.0.
 */
export const VMM_CONDITIONS: readonly VmmCondition[] = [
  {
    code: "QemuWithoutV2",
    program: "qemu",
    versions: [null, "8.0"],
    level: "refuses",
    appliesTo: isV2,
    sentence: "has no VFIO migration v2",
    remedy: "Install QEMU 8.1 or later.",
  },
  {
    code: "QemuMigrationExperimental",
    program: "qemu",
    versions: ["8.0", "8.1"],
    level: "refuses",
    appliesTo: isV2,
    sentence: "supports VFIO migration only as an experiment, without pre-copy",
    remedy: "Install QEMU 8.1 or later, or start it with -device vfio-pci,x-enable-migration=on.",
    option: EXPERIMENTAL,
  },
  {
    code: "QemuMigratesOneDevice",
    program: "qemu",
    versions: ["8.0", "8.2"],
    level: "limits",
    appliesTo: isV2,
    sentence: "cannot migrate a virtual machine with more than one VFIO device",
    remedy: "Install QEMU 8.2 or later, or give each virtual machine one device.",
  },
  {
    code: "QemuWithoutIommuDirtyTracking",
    program: "qemu",
    versions: ["8.0", "9.1"],
    level: "limits",
    appliesTo: hasIommuTracking,
    sentence: "cannot use the IOMMU's dirty tracking, which some devices here need",
    remedy: "Install QEMU 9.1 or later.",
  },
  {
    code: "QemuWithoutV1",
    program: "qemu",
    versions: ["8.0", null],
    level: "refuses",
    appliesTo: isV1,
    sentence: "no longer has VFIO migration v1",
    remedy: "Install a driver with VFIO migration v2.",
  },
  {
    code: "QemuMigrationExperimental",
    program: "qemu",
    versions: ["5.2", "8.0"],
    level: "refuses",
    appliesTo: isV1,
    sentence: "supports VFIO migration only as an experiment",
    remedy: "Start it with -device vfio-pci,x-enable-migration=on.",
    option: EXPERIMENTAL,
  },
  {
    code: "QemuWithoutV1",
    program: "qemu",
    versions: [null, "5.2"],
    level: "refuses",
    appliesTo: isV1,
    sentence: "cannot migrate VFIO devices",
    remedy: "Install QEMU 5.2 to 7.2, or a driver with VFIO migration v2.",
  },
  {
    code: "LibvirtWithoutMdev",
    program: "libvirt",
    versions: [null, "3.2"],
    level: "limits",
    appliesTo: ({ kind }) => kind === "mdev",
    sentence: "does not support mediated devices",
    remedy: "Install libvirt 8.6 or later.",
  },
  {
    code: "LibvirtRefusesHostDevices",
    program: "libvirt",
    versions: [null, "8.6"],
    level: "limits",
    appliesTo: () => true,
    sentence: "refuses to migrate any virtual machine with a VFIO device",
    remedy: "Install libvirt 8.6 or later.",
  },
  {
    code: "LibvirtWithoutVariantDrivers",
    program: "libvirt",
    versions: [null, "9.7"],
    level: "limits",
    appliesTo: isVariant,
    sentence: "supports only vfio-pci, and not the variant drivers that can migrate",
    remedy: "Install libvirt 10.0 or later.",
  },
  {
    code: "LibvirtBindsVfioPci",
    program: "libvirt",
    versions: ["9.7", "10.0"],
    level: "limits",
    appliesTo: isVariant,
    sentence: "binds PCI functions with managed='yes' to vfio-pci, which cannot migrate",
    remedy: "Install libvirt 10.0 or later, or set managed='no'.",
  },
  {
    code: "LibvirtKeepsVgpuKind",
    program: "libvirt",
    versions: [null, "11.0"],
    level: "limits",
    appliesTo: ({ kind }, other) =>
      kind === "mdev" && other?.kind === "pci" || kind === "pci" && other?.kind === "mdev",
    sentence: "cannot migrate a vGPU from an mdev to a virtual function, or back",
    remedy: "Install libvirt 11.0 or later.",
  },
  {
    code: "LibvirtWithoutIommufd",
    program: "libvirt",
    versions: [null, "12.1"],
    level: "note",
    appliesTo: hasIommuTracking,
    sentence:
      "does not support the iommufd backend, which QEMU needs for the IOMMU's dirty tracking",
    remedy: "Install libvirt 12.1 or later, or pass the option to QEMU with <qemu:commandline>.",
  },
];

/**
 * The conditions that the installed programs do not meet for a device. A program of unknown version meets all. `other`
 * is the device at the other end of the migration, if there is one.
 */
export function unmetConditions(
  software: Readonly<HostSoftware>,
  device: Migrating,
  other?: Pick<Migrating, "kind">,
): VmmCondition[] {
  return VMM_CONDITIONS.filter(({ program, versions, appliesTo }) => {
    const version = software[program];
    if (version === null || !appliesTo(device, other)) return false;
    const [from, before] = versions;
    return (from === null || !isOlder(version, from)) &&
      (before === null || isOlder(version, before));
  });
}
