import type { Device, Driver } from "../../documents/mod.ts";

/** What is known of a driver that answered that it has no migration. */
export interface DriverKnowledge {
  /** The driver's names, `-` written as `_`. */
  drivers: readonly string[];
  /** The Linux version in which it got migration, `never`, or `vendor` for one that Linux does not have. */
  since: string;
  /** Why it may have none although its version has; what follows the driver's name. */
  why: string;
  /** The same where the device's own facts say more, else null. */
  whyOf?: (device: Device) => string | null;
  remedy: (device: Device) => string;
}

const physfn = ({ parent }: Device) => parent ?? "the physical function";
const goWithout = () =>
  "Unplug it from the virtual machine before a migration, or use a device that can migrate.";

/**
 * When each driver got migration, and what else it takes.
 *
 * Source: the merges of `vfio-v5.18-rc1` (mlx5, hisi_acc), `vfio-v6.6-rc1` (pds), `vfio-v6.7-rc1` (mtty), bb208810b1ab
 * on v6.10/vfio/qat (qat), 0bbc82e4ec79 of November 2024 (virtio, 6.13: Linux 6.12 has the driver without
 * `migrate.c`), `drm-next-2025-12-05` (xe, in the tree of 6.19). What they check: Linux 6.12,
 * `mlx5vf_cmd_set_migratable()`, `hisi_acc_vfio_pci_probe()`; `xe_vfio_pci_migration_init()`. `never`: no
 * `mig_ops` in Linux 6.12, and of ism_vfio_pci, which came with 7.1, in that. mlx5: NVIDIA DOCA 3.2.1, SR-IOV Live
 * Migration, for the order of the commands; the port functions are there in switchdev mode only
 * (`Documentation/networking/devlink/devlink-port.rst`, Linux 6.12). NVIDIA: what users of its vGPU manager found
 * (mbilker/vgpu_unlock-rs, issue 15).
 */
export const DRIVERS: readonly DriverKnowledge[] = [
  {
    drivers: ["mlx5_vfio_pci"],
    since: "5.18",
    why: "the port of the function is not set migratable, or the firmware cannot migrate",
    whyOf: ({ facts }) =>
      facts.migratable === false
        ? "devlink says that the port of the function is not migratable"
        : null,
    remedy: (device) => {
      const [pf, driver] = [physfn(device), `/sys/bus/pci/drivers/${device.driver?.name}`];
      return `Run echo ${device.id} > ${driver}/unbind; devlink dev eswitch set pci/${pf} mode switchdev; ` +
        `devlink port function set pci/${pf}/PORT migratable enable, with the PORT of the function as ` +
        `devlink port show gives it; echo ${device.id} > ${driver}/bind. ` +
        `Where it stays so, run mlxconfig -d ${pf} set VF_MIGRATION_MODE=2, and reset the firmware.`;
    },
  },
  {
    drivers: ["hisi_acc_vfio_pci"],
    since: "5.18",
    why: "it migrates functions of Kunpeng 930 (QM version 3) on, whose physical function is bound",
    remedy: (device) => `Bind ${physfn(device)} to its driver hisi_zip, hisi_sec2 or hisi_hpre.`,
  },
  {
    drivers: ["pds_vfio_pci"],
    since: "6.6",
    why: "the card's firmware may be too old",
    remedy: (device) => `Update the firmware of ${physfn(device)}.`,
  },
  {
    drivers: ["qat_vfio_pci"],
    since: "6.10",
    why: "it migrates functions of QAT generation 4 on, whose physical function's driver allows it",
    remedy: (device) =>
      `Bind ${physfn(device)} to its driver ${qatDriver(device)}, and update its firmware.`,
  },
  {
    drivers: ["virtio_vfio_pci"],
    since: "6.13",
    why: "the device has no administration commands for device parts (virtio 1.4)",
    remedy: (device) => `Bind ${physfn(device)} to virtio-pci, and update the device's firmware.`,
  },
  {
    drivers: ["xe_vfio_pci"],
    since: "6.19",
    why: "the driver xe of the physical function says that it cannot migrate",
    remedy: (device) => `Update Linux and the GuC firmware of ${physfn(device)}.`,
  },
  {
    drivers: ["mtty"],
    since: "6.7",
    why: "the module was built without it",
    remedy: () => "Build samples/vfio-mdev/mtty.c of Linux 6.7 or later.",
  },
  {
    drivers: ["nvidia", "nvidia_vgpu_vfio", "nvidia_vgpu_mdev"],
    since: "vendor",
    why: "the vGPU manager was built without it for this kernel, or the vGPU's type excludes it",
    remedy: () => "Look for vGPU migration in dmesg, and install a vGPU manager for this kernel.",
  },
  {
    drivers: ["vfio_pci"],
    since: "never",
    why: "the plain driver has no migration for any device",
    remedy: goWithout,
  },
  {
    drivers: ["nvgrace_gpu_vfio_pci", "ism_vfio_pci"],
    since: "never",
    why: "no version of the driver has it",
    remedy: goWithout,
  },
  {
    drivers: ["vfio_platform", "vfio_amba", "vfio_fsl_mc", "vfio_cdx"],
    since: "never",
    why: "the driver has no migration for any device of its bus",
    remedy: goWithout,
  },
  {
    drivers: ["vfio_ccw", "vfio_ccw_mdev", "vfio_ap", "vfio_ap_mdev"],
    since: "never",
    why: "no version of the driver has it",
    remedy: goWithout,
  },
  {
    drivers: ["intel_vgpu_mdev", "kvmgt", "i915"],
    since: "never",
    why: "GVT-g has it in Intel's own kernels only",
    remedy: goWithout,
  },
  {
    drivers: ["mdpy", "mbochs"],
    since: "never",
    why: "the sample has no migration in any version",
    remedy: () => "Use the sample mtty, which can migrate.",
  },
];

/**
 * The driver of the physical function behind a QAT function. Source: `adf_driver` in `adf_drv.c` of qat_4xxx, qat_420xx and
 * qat_6xxx, Linux 6.17; the function's device id is the physical one's plus 1 (`ADF_*_PCI_DEVICE_ID`).
 */
function qatDriver({ pci }: Device): string {
  return { "4947": "420xx", "4949": "6xxx" }[pci?.device ?? ""] ?? "4xxx";
}

/** What is known of a driver, by its name or its module's; null for one that is not known here. */
export function driverKnowledge({ name, module }: Driver): DriverKnowledge | null {
  const names = [name, module ?? name].map((text) => text.replaceAll("-", "_"));
  return DRIVERS.find(({ drivers }) => names.some((plain) => drivers.includes(plain))) ?? null;
}

/** A variant driver of Linux: the functions that it is for, as the kernel's list of aliases has it. */
export interface UpstreamVariant {
  pattern: string;
  module: string;
  /** The Linux version since which it can migrate these functions. */
  since: string;
}

/** The graphics devices of xe_vfio_pci. Source: `INTEL_{PTL,WCL,BMG}_IDS` of `include/drm/intel/pciids.h`, Linux 7.0. */
const XE_DEVICES = "B080 B081 B082 B083 B084 B085 B086 B087 B08F B090 B0A0 B0B0 FD80 FD81 " +
  "E202 E209 E20B E20C E20D E210 E211 E212 E216 E220 E221 E222 E223";

/**
 * The variant drivers that migrate the functions they are for, which an older kernel does not list, or one that
 * was built without them. For advice only.
 *
 * Source: the id tables of `drivers/vfio/pci/` in Linux 6.12 and what was added since: 1e9c0f1da562 (6xxx, in
 * `vfio-v6.17-rc1-v2`), 2241228a5492 of spring 2026 (420xx, 7.1), 384a530111c6 (virtio block devices, in the pull of 6.15),
 * 2e38c50ae492 (xe, 6.19).
 */
const FUNCTIONS:
  readonly (readonly [vendor: string, devices: string, module: string, since: string])[] = [
    ["15B3", "101E", "mlx5_vfio_pci", "5.18"],
    ["19E5", "A251 A256 A259", "hisi_acc_vfio_pci", "5.18"],
    ["1DD8", "1003", "pds_vfio_pci", "6.6"],
    ["8086", "4941 4943 4945", "qat_vfio_pci", "6.10"],
    ["8086", "4947", "qat_vfio_pci", "7.1"],
    ["8086", "4949", "qat_vfio_pci", "6.17"],
    ["1AF4", "1041", "virtio_vfio_pci", "6.13"],
    ["1AF4", "1042", "virtio_vfio_pci", "6.15"],
    ["8086", XE_DEVICES, "xe_vfio_pci", "6.19"],
  ];

/** The same as aliases, a device each. */
export const UPSTREAM_VARIANTS: readonly UpstreamVariant[] = FUNCTIONS.flatMap(
  ([vendor, devices, module, since]) =>
    devices.split(" ").map((device) => ({
      pattern: `vfio_pci:v0000${vendor}d0000${device}sv*sd*bc*sc*i*`,
      module,
      since,
    })),
);

/** Drivers that are not called as their module. Source: `xe_vfio_pci_driver` in Linux 6.19, `vfio_pci_driver`. */
const DRIVER_NAMES: Readonly<Record<string, string>> = {
  xe_vfio_pci: "xe-vfio-pci",
  vfio_pci: "vfio-pci",
};

/** The driver that a module registers. */
export function driverOfModule(module: string): string {
  return DRIVER_NAMES[module] ?? module;
}

/** Whether a device is bound to the driver of a module. */
export function isBoundTo({ driver }: Pick<Device, "driver">, module: string): boolean {
  return [driver?.module, driver?.name].some((name) => name?.replaceAll("-", "_") === module);
}
