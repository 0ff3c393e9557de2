import { ON_OFF_AUTO, RunningVmm, VMM_BACKENDS, VMM_PCI_BUSES } from "../documents/mod.ts";
import type { Option, Parsed } from "./command.ts";
import { text, usage } from "./options.ts";

/** What the user can say of the QEMU that runs the source's device: each option and its field of `vmm`. */
export const VMM_OPTIONS: readonly (Option & { field: keyof RunningVmm; example: string })[] = [
  {
    name: "qemu-version",
    value: "VERSION",
    help: "The QEMU that runs the device has this version",
    field: "qemu",
    example: "10.0.2",
  },
  {
    name: "machine-type",
    value: "TYPE",
    help: "Its machine type, with the version: pc-q35-10.0",
    field: "machineType",
    example: "pc-q35-10.0",
  },
  {
    name: "pci-bus",
    value: "BUS",
    help: "Where the device is in the machine",
    choices: VMM_PCI_BUSES,
    field: "pciBus",
    example: "port",
  },
  {
    name: "backend",
    value: "BACKEND",
    help: "How it reaches the device",
    choices: VMM_BACKENDS,
    field: "backend",
    example: "iommufd",
  },
  {
    name: "enable-migration",
    value: "VALUE",
    help: "The device's QEMU property enable-migration",
    choices: ON_OFF_AUTO,
    field: "enableMigration",
    example: "on",
  },
  {
    name: "device-dirty-page-tracking",
    value: "VALUE",
    help: "The device's QEMU property x-device-dirty-page-tracking",
    choices: ON_OFF_AUTO,
    field: "deviceDirtyPageTracking",
    example: "off",
  },
];

/** What the options say of the QEMU that runs the device, null for nothing. Throws for a value that it cannot have. */
export function vmmOption(parsed: Parsed): RunningVmm | null {
  const given = VMM_OPTIONS.flatMap(({ name, field, example }) => {
    const value = text(parsed, name);
    if (value === null) return [];
    if (!RunningVmm.safeParse({ [field]: value }).success) {
      throw usage(
        `--${name} ${value}: QEMU has no such value`,
        `Write --${name} ${example}, for instance.`,
      );
    }
    return [[field, value]];
  });
  return given.length === 0 ? null : Object.fromEntries(given);
}
