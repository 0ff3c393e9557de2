import { type PciBus, VMM_PCI_BUSES } from "../../documents/mod.ts";
import { isOlder } from "../rules/mod.ts";

/** What decides how QEMU shows a vfio-pci device to the guest, and what QEMU compares. */
export interface QemuSetting {
  bus: PciBus;
  /** Whether a resizable BAR capability is shown, with the current size only, or hidden. */
  showsRebar: boolean;
  /** Whether the power management capability has eight bytes, as in the specification. */
  boundsPowerManagement: boolean;
  /** Whether the contents of vendor-specific capabilities are compared. */
  checksVendorSpecific: boolean;
}

/** The virtual machine monitors of both sides, as far as known. */
export interface QemuPair {
  source: string | null;
  target: string | null;
  /** The same on both sides, such as `pc-q35-10.0`. */
  machineType: string | null;
  bus: PciBus | null;
}

/** The settings of both sides. */
export interface PairSetting {
  source: QemuSetting;
  target: QemuSetting;
}

/** The parts of a setting that matter for two devices. */
export type Matters = Readonly<Record<keyof QemuSetting, boolean>>;

/** For unknown devices. */
const ALL_MATTER: Matters = {
  bus: true,
  showsRebar: true,
  boundsPowerManagement: true,
  checksVendorSpecific: true,
};

/**
 * All possible settings of two monitors: only one if everything that matters is known. Parts that do not matter are
 * false, and the bus is a port.
 *
 * Source: QEMU, hw/vfio/pci.c of 7.2, 10.0.13 and 10.2.2. `vfio_setup_rebar_ecap` came with 8.1 ("Static Resizable BAR
 * capability"); `skip-vsc-check` with 9.1, off for machine types up to 9.0 (hw/core/machine.c, `hw_compat_9_0`);
 * `pci_pm_init` with 10.0.
 */
export function possibleSettings(pair: QemuPair, matters: Matters = ALL_MATTER): PairSetting[] {
  const { source, target, machineType } = pair;
  const values = (part: keyof Matters, known: () => boolean | null) =>
    matters[part] ? either(known()) : [false];
  const bounds = values("boundsPowerManagement", () => isFrom(target, "10.0"));
  const checks = values("checksVendorSpecific", () => checksVendorSpecificOf(pair));
  const buses = matters.bus ? possibleBuses(machineType, pair.bus) : ["port" as const];
  const ours = values("showsRebar", () => isFrom(target, "8.1"));
  return values("showsRebar", () => isFrom(source, "8.1")).flatMap((sourceRebar) =>
    ours.flatMap((targetRebar) =>
      bounds.flatMap((boundsPowerManagement) =>
        checks.flatMap((checksVendorSpecific) =>
          buses.map((bus) => {
            const shared = { bus, boundsPowerManagement, checksVendorSpecific };
            return {
              source: { ...shared, showsRebar: sourceRebar },
              target: { ...shared, showsRebar: targetRebar },
            };
          })
        )
      )
    )
  );
}

/** Whether a version is `first` or newer. Null if unknown. */
function isFrom(version: string | null, first: string): boolean | null {
  return version === null ? null : !isOlder(version, first);
}

function either(known: boolean | null): boolean[] {
  return known === null ? [true, false] : [known];
}

/** Machine types whose first bus is not PCI Express. */
const CONVENTIONAL = /^(pc|pc-i440fx-.*|pc-[0-9.]+|(pseries|s390-ccw-virtio)(-.*)?)$/;

/** The buses that a device can be on. */
function possibleBuses(machineType: string | null, bus: PciBus | null): PciBus[] {
  if (bus !== null) return [bus];
  if (machineType === null) return [...VMM_PCI_BUSES];
  return CONVENTIONAL.test(machineType) ? ["conventional"] : ["port", "root-complex"];
}

/** Whether a target compares the contents of vendor-specific capabilities. Null if unknown. */
function checksVendorSpecificOf({ source, target, machineType }: QemuPair): boolean | null {
  if ([source, target].some((version) => version !== null && isOlder(version, "9.1"))) return true;
  // Distributions have their own machine types, such as pc-q35-rhel9.4.0, which do not show QEMU's version.
  const version = /-(\d+\.\d+)$/.exec(machineType ?? "")?.[1] ??
    (/^(pc|q35|virt|pseries|s390-ccw-virtio)$/.test(machineType ?? "") ? source : null);
  return version === null ? null : isOlder(version, "9.1");
}
