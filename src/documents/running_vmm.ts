import * as z from "zod/mini";
import type { Known } from "./known.ts";
import { NO_CONTROLS } from "./text.ts";

/** How QEMU opens a device: by iommufd (`-device vfio-pci,iommufd=ID`), or by a container and its group. */
export const VMM_BACKENDS = ["iommufd", "container"] as const;

/**
 * The place of the device in the machine. `port`: below a root or downstream port, where libvirt puts devices of q35 and
 * virt machines. `root-complex`: directly on `pcie.0`. `conventional`: on the bus of a pc machine.
 */
export const VMM_PCI_BUSES = ["port", "root-complex", "conventional"] as const;
export type PciBus = (typeof VMM_PCI_BUSES)[number];

/** The values of a QEMU property of type OnOffAuto. */
export const ON_OFF_AUTO = ["on", "off", "auto"] as const;

/**
 * The virtual machine monitor that runs the source's device, as far as the client knows. A field that is null or missing
 * is unknown, which is not the same as QEMU's default. Nothing of it can change while the machine runs.
 */
export const RunningVmm = z.lazy(() =>
  z.looseObject({
    /** QEMU's version, `10.0.2`. */
    qemu: z.optional(z.nullable(
      z.string().check(
        z.maxLength(64),
        NO_CONTROLS(),
        z.regex(/^\d+\.\d+/, "Invalid input: expected a version of QEMU, such as 10.0.2"),
      ),
    )),
    /** With its version, as for `-machine`: `pc-q35-10.0`. */
    machineType: z.optional(
      z.nullable(z.string().check(z.minLength(1), z.maxLength(128), NO_CONTROLS())),
    ),
    pciBus: z.optional(z.nullable(z.enum(VMM_PCI_BUSES))),
    backend: z.optional(z.nullable(z.enum(VMM_BACKENDS))),
    /** `-device vfio-pci,enable-migration=…` */
    enableMigration: z.optional(z.nullable(z.enum(ON_OFF_AUTO))),
    /** `-device vfio-pci,x-device-dirty-page-tracking=…` */
    deviceDirtyPageTracking: z.optional(z.nullable(z.enum(ON_OFF_AUTO))),
  })
);
export type RunningVmm = Known<z.infer<typeof RunningVmm>>;

/** Parses `QEMU emulator version 8.2.2 (Debian 1:8.2.2+ds-0ubuntu1.4)`; null for any other text. */
export function parseQemuVersion(text: string): string | null {
  return /^QEMU .*\bversion (\d+(?:\.\d+)+)/m.exec(text)?.[1] ?? null;
}
