import type { Device, Driver } from "../../documents/mod.ts";

/** What is known about a driver, to explain why it has no migration. */
export interface DriverKnowledge {
  /** The driver's names, `-` written as `_`. */
  drivers: readonly string[];
  /** The Linux version that added migration to it, `never`, or `vendor` for a driver outside Linux. */
  since: string;
  /** Why it may have none although this version has it. The text after the driver's name. */
  why: string;
  /** The same, based on the device's own facts. Null if they say nothing more. */
  whyOf?: (device: Device) => string | null;
  remedy: (device: Device) => string;
}

const physfn = ({ parent }: Device) => parent ?? "the physical function";
const goWithout = () =>
  "Unplug it from the virtual machine before a migration, or use a device that can migrate.";

/**
 * When each driver got migration, and what else it needs.
 *
 * Source: the merges of `vfio-v5.18-rc1` (mlx5, hisi_acc), `vfio-v6.6-rc1` (pds), `vfio-v6.7-rc1` (mtty), bb208810b1ab
 * on v6.10/vfio/qat (qat), 0bbc82e4ec79 of November 2024 (virtio, 6.13: Linux 6.12 has the driver without `migrate.c`),
 * `drm-next-2025-12-05` (xe, in the tree of 6.19). What they check: Linux 6.12, `mlx5vf_cmd_set_migratable()`,
 * `hisi_acc_vfio_pci_probe()`; `xe_vfio_pci_migration_init()`. `never`: no `mig_ops` in Linux 6.12, or, for
 * ism_vfio_pci, in 7.1, which added it. mlx5: NVIDIA DOCA 3.2.1, SR-IOV Live Migration, for the order of the commands;
 * port functions exist only in switchdev mode (`Documentation/networking/devlink/devlink-port.rst`, Linux 6.12).
 * NVIDIA: reports by users of its vGPU manager (mbilker/vgpu_unlock-rs, issue 15).
 */
export const DRIVERS: readonly DriverKnowledge[] = [
  {
    drivers: ["mlx5_vfio_pci"],
    since: "5.18",
    why: "the function's port is not set to migratable, or the firmware cannot migrate",
    whyOf: ({ facts }) =>
      facts.migratable === false
        ? "devlink reports that the function's port is not migratable"
        : null,
    remedy: (device) => {
      const [pf, driver] = [physfn(device), `/sys/bus/pci/drivers/${device.driver?.name}`];
      return `Run echo ${device.id} > ${driver}/unbind; devlink dev eswitch set pci/${pf} mode switchdev; ` +
        `devlink port function set pci/${pf}/PORT migratable enable, with the function's PORT from ` +
        `devlink port show; echo ${device.id} > ${driver}/bind. ` +
        `If this does not help, run mlxconfig -d ${pf} set VF_MIGRATION_MODE=2, and reset the firmware.`;
    },
  },
  {
    drivers: ["hisi_acc_vfio_pci"],
    since: "5.18",
    why:
      "it migrates functions of Kunpeng 930 (QM version 3) or later, with a bound physical function",
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
    why:
      "it migrates functions of QAT generation 4 or later, if the physical function's driver allows it",
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
    why: "the physical function's driver xe reports that it cannot migrate",
    remedy: (device) => `Update Linux and the GuC firmware of ${physfn(device)}.`,
  },
  {
    drivers: ["mtty"],
    since: "6.7",
    why: "the module was built without migration",
    remedy: () => "Build samples/vfio-mdev/mtty.c of Linux 6.7 or later.",
  },
  {
    drivers: ["nvidia", "nvidia_vgpu_vfio", "nvidia_vgpu_mdev"],
    since: "vendor",
    why:
      "the vGPU manager was built without migration for this kernel, or the vGPU type excludes it",
    remedy: () => "Search dmesg for vGPU migration, and install a vGPU manager for this kernel.",
  },
  {
    drivers: ["vfio_pci"],
    since: "never",
    why: "the plain driver cannot migrate any device",
    remedy: goWithout,
  },
  {
    drivers: ["nvgrace_gpu_vfio_pci", "ism_vfio_pci"],
    since: "never",
    why: "no version of the driver supports migration",
    remedy: goWithout,
  },
  {
    drivers: ["vfio_platform", "vfio_amba", "vfio_fsl_mc", "vfio_cdx"],
    since: "never",
    why: "the driver cannot migrate any device on its bus",
    remedy: goWithout,
  },
  {
    drivers: ["vfio_ccw", "vfio_ccw_mdev", "vfio_ap", "vfio_ap_mdev"],
    since: "never",
    why: "no version of the driver supports migration",
    remedy: goWithout,
  },
  {
    drivers: ["intel_vgpu_mdev", "kvmgt", "i915"],
    since: "never",
    why: "GVT-g supports migration only in Intel's own kernels",
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
 * The driver of the physical function behind a QAT function. Source: `adf_driver` in `adf_drv.c` of qat_4xxx, qat_420xx
 * and qat_6xxx, Linux 6.17; the function's device ID is the physical function's plus 1 (`ADF_*_PCI_DEVICE_ID`).
 */
function qatDriver({ pci }: Device): string {
  return { "4947": "420xx", "4949": "6xxx" }[pci?.device ?? ""] ?? "4xxx";
}

/** What is known about a driver, by its name or its module's name. Null for an unknown driver. */
export function driverKnowledge({ name, module }: Driver): DriverKnowledge | null {
  const names = [name, module ?? name].map((text) => text.replaceAll("-", "_"));
  return DRIVERS.find(({ drivers }) => names.some((plain) => drivers.includes(plain))) ?? null;
}

/** A variant driver in Linux, and the alias of its functions, as in the kernel's alias list. */
export interface UpstreamVariant {
  pattern: string;
  module: string;
  /** The first Linux version that can migrate these functions. */
  since: string;
}

/** The graphics devices of xe_vfio_pci. Source: `INTEL_{PTL,WCL,BMG}_IDS` of `include/drm/intel/pciids.h`, Linux 7.0. */
const XE_DEVICES = "B080 B081 B082 B083 B084 B085 B086 B087 B08F B090 B0A0 B0B0 FD80 FD81 " +
  "E202 E209 E20B E20C E20D E210 E211 E212 E216 E220 E221 E222 E223";

/**
 * The functions that variant drivers can migrate. A kernel that is older, or built without the drivers, does not list
 * them. For advice only.
 *
 * Source: the id tables of `drivers/vfio/pci/` in Linux 6.12, and later additions: 1e9c0f1da562 (6xxx, in
 * `vfio-v6.17-rc1-v2`), 2241228a5492 of spring 2026 (420xx, 7.1), 384a530111c6 (virtio block devices, in the pull of
 * 6.15), 2e38c50ae492 (xe, 6.19).
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

/** The same as aliases, one per device. */
export const UPSTREAM_VARIANTS: readonly UpstreamVariant[] = FUNCTIONS.flatMap(
  ([vendor, devices, module, since]) =>
    devices.split(" ").map((device) => ({
      pattern: `vfio_pci:v0000${vendor}d0000${device}sv*sd*bc*sc*i*`,
      module,
      since,
    })),
);

/** Drivers whose name differs from their module's. Source: `xe_vfio_pci_driver` in Linux 6.19, `vfio_pci_driver`. */
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
