import { ON_OFF_AUTO, RunningVmm, VMM_BACKENDS, VMM_PCI_BUSES } from "../documents/mod.ts";
import type { Option, Parsed } from "./command.ts";
import { text, wrongValue } from "./options.ts";

/** The options that describe the QEMU that runs the source's device, with the field of `vmm` that each sets. */
export const VMM_OPTIONS: readonly (Option & { field: keyof RunningVmm; example: string })[] = [
  {
    name: "qemu-version",
    value: "VERSION",
    help: "Version of the QEMU that runs the device",
    field: "qemu",
    example: "10.0.2",
  },
  {
    name: "machine-type",
    value: "TYPE",
    help: "Versioned machine type, such as pc-q35-10.0",
    field: "machineType",
    example: "pc-q35-10.0",
  },
  {
    name: "pci-bus",
    value: "BUS",
    help: "PCI bus of the device in the virtual machine",
    choices: VMM_PCI_BUSES,
    field: "pciBus",
    example: "port",
  },
  {
    name: "backend",
    value: "BACKEND",
    help: "IOMMU backend of the device",
    choices: VMM_BACKENDS,
    field: "backend",
    example: "iommufd",
  },
  {
    name: "enable-migration",
    value: "VALUE",
    help: "QEMU property enable-migration of the device",
    choices: ON_OFF_AUTO,
    field: "enableMigration",
    example: "on",
  },
  {
    name: "device-dirty-page-tracking",
    value: "VALUE",
    help: "QEMU property x-device-dirty-page-tracking of the device",
    choices: ON_OFF_AUTO,
    field: "deviceDirtyPageTracking",
    example: "off",
  },
];

/** The description of the QEMU that runs the device, null if no option is given. Throws for an invalid value. */
export function vmmOption(parsed: Parsed): RunningVmm | null {
  const given = VMM_OPTIONS.flatMap(({ name, field, example }) => {
    const value = text(parsed, name);
    if (value === null) return [];
    if (!RunningVmm.safeParse({ [field]: value }).success) {
      throw wrongValue(name, value, "not a valid value", example);
    }
    return [[field, value]];
  });
  return given.length === 0 ? null : Object.fromEntries(given);
}
