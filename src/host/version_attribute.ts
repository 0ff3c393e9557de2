import { join } from "@std/path";
import { readBytes } from "../../ffi/files.ts";
import { errnoOf, namesIn } from "./attribute.ts";

/**
 * The opaque version that a vendor kernel gives for a device or type: the attribute that holds it, and its
 * bytes as Latin-1 text; `errno` where the driver refuses to tell, which means not migratable.
 */
export interface VersionAttribute {
  /** The attribute's path as it can be opened. */
  path: string;
  version: string | null;
  errno: string | null;
}

/** The most that a version can hold. */
export const MAX_VERSION_BYTES = 4096;

/**
 * The names that were proposed for it over the years, under a type and under a device. An mdev without an attribute of
 * its own has that of its type, in `mdev_type/`.
 */
const NAMES = {
  type: ["migration_version", "version"],
  device: ["migration_version", "vfio_migration_version"],
} as const;

/**
 * The version attribute of a type or a device, null where it has none.
 *
 * Source: `migration_version`, or the other names proposed for it: `version` under a type,
 * `vfio_migration_version` under a device. Never parsed. Effect: the driver is asked, as by any read.
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

/**
 * The migration type of a device, by which one proposal let users compare before they hand over a version; null
 * where it has none or does not tell.
 *
 * Source: `vfio_migration_type` under the device. Effect: the driver is asked, as by any read.
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

/** Bytes as text, a character each: what a version is carried in. */
export function toLatin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** The bytes of such a text, null where it has characters that no byte has. */
export function fromLatin1(text: string): Uint8Array<ArrayBuffer> | null {
  const codes = Array.from(text, (character) => character.codePointAt(0)!);
  return codes.every((code) => code < 256) ? new Uint8Array(codes) : null;
}
