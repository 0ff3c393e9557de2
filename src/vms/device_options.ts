import { ON_OFF_AUTO, type PciBus, type VMM_BACKENDS } from "../documents/mod.ts";

/** The value of a property of type OnOffAuto; `default` if nobody sets it, null if unknown. */
export type GivenOnOffAuto = typeof ON_OFF_AUTO[number] | "default" | null;

/** How a machine uses a device. Null is unknown. */
export interface DeviceOptions {
  pciBus: PciBus | null;
  backend: typeof VMM_BACKENDS[number] | null;
  enableMigration: GivenOnOffAuto;
  deviceDirtyPageTracking: GivenOnOffAuto;
}

/** The properties of QEMU that decide about migration, and the field of each. */
export const PROPERTIES = {
  "enable-migration": "enableMigration",
  // The name before QEMU 8.1.
  "x-enable-migration": "enableMigration",
  "x-device-dirty-page-tracking": "deviceDirtyPageTracking",
} as const satisfies Record<string, keyof DeviceOptions>;
type Property = keyof typeof PROPERTIES;

/** Whether a property of QEMU decides about migration. */
export function isProperty(name: string): name is Property {
  return Object.hasOwn(PROPERTIES, name);
}

/**
 * The value of a property; null if QEMU has no such value. Source: `qapi_bool_parse` and the enumeration OnOffAuto of
 * QEMU 10.0.
 */
export function parseOnOffAuto(value: unknown): typeof ON_OFF_AUTO[number] | null {
  if (value === true) return "on";
  if (value === false) return "off";
  if (ON_OFF_AUTO.some((word) => word === value)) return value as typeof ON_OFF_AUTO[number];
  if (value === "yes" || value === "true" || value === "y") return "on";
  if (value === "no" || value === "false" || value === "n") return "off";
  return null;
}

/** The machine types without a version. Which version one stands for depends on the QEMU that runs it. */
const ALIASES: ReadonlySet<string> = new Set([
  ...["pc", "q35", "virt", "microvm", "pseries", "s390-ccw-virtio", "s390-ccw", "none", "isapc"],
  ...["ubuntu", "ubuntu-q35", "x-remote"],
]);

/** A machine type if it has a version, otherwise null. */
export function versionedType(type: string | null): string | null {
  return type === null || ALIASES.has(type) ? null : type;
}
