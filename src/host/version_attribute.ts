import { dirname, join } from "@std/path";
import { readBytes } from "../../ffi/files.ts";
import { errnoOf, lastPart, namesIn } from "./attribute.ts";

/**
 * The opaque version that a vendor kernel reports for a device or type: the attribute that holds it, and its bytes as
 * Latin-1 text. `errno` if the driver refuses, which means not migratable.
 */
export interface VersionAttribute {
  /** The attribute's path, for opening. */
  path: string;
  version: string | null;
  errno: string | null;
}

/** Maximum length of a version. */
export const MAX_VERSION_BYTES = 4096;

/**
 * The names proposed for it over the years, for a type and for a device. An mdev without its own attribute has that of
 * its type, in `mdev_type/`.
 */
const NAMES = {
  type: ["migration_version", "version"],
  device: ["migration_version", "vfio_migration_version"],
} as const;

/**
 * The version attribute of a type or a device, or null.
 *
 * Source: `migration_version`, or the other proposed names: `version` for a type, `vfio_migration_version` for a
 * device. Never parsed. Effect: the read queries the driver.
 */
export function readVersionAttribute(
  directory: string,
  of: keyof typeof NAMES,
  names = namesIn(directory),
): VersionAttribute | null {
  for (const name of NAMES[of].filter((name) => names.has(name))) {
    const path = join(directory, name);
    try {
      const bytes = readBytes(path)?.subarray(0, MAX_VERSION_BYTES);
      if (bytes !== undefined) return { path, version: toLatin1(bytes), errno: null };
    } catch (error) {
      return { path, version: null, errno: errnoOf(error) };
    }
  }
  return null;
}

/** Whether a real path in sysfs is that of a version attribute. Pure. */
export function isVersionAttribute(path: string): boolean {
  const [type, name] = [lastPart(dirname(path)), lastPart(path)];
  const ofType = path.endsWith(`/mdev_supported_types/${type}/${name}`);
  return NAMES.device.some((own) => own === name) ||
    (ofType && NAMES.type.some((own) => own === name));
}

/**
 * The migration type of a device, or null. One proposal let users compare it before they handed over a version.
 *
 * Source: `vfio_migration_type` of the device. Effect: the read queries the driver.
 */
export function readMigrationType(device: string, names = namesIn(device)): string | null {
  if (!names.has("vfio_migration_type")) return null;
  try {
    const bytes = readBytes(join(device, "vfio_migration_type"))?.subarray(0, MAX_VERSION_BYTES);
    return bytes === undefined ? null : toLatin1(bytes).trim();
  } catch {
    return null;
  }
}

/** Bytes as text, one character each. Versions are transported in this form. */
export function toLatin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** The bytes of such a text, or null if a character is not a byte. */
export function fromLatin1(text: string): Uint8Array<ArrayBuffer> | null {
  const codes = Array.from(text, (character) => character.codePointAt(0)!);
  return codes.every((code) => code < 256) ? new Uint8Array(codes) : null;
}
