import { errnoName } from "../../ffi/errno.ts";
import { readLinkText, readNames, readStatus, readText } from "../../ffi/files.ts";
import { Failure } from "../documents/mod.ts";

/**
 * The text of a sysfs attribute without its last newline, or null if there is no such attribute. Throws a {@link
 * Failure} on any other kernel error.
 */
export function readAttribute(path: string): string | null {
  try {
    const text = readText(path);
    return text?.endsWith("\n") ? text.slice(0, -1) : text;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** The target of a symbolic link, or null if there is none. */
export function readLink(path: string): string | null {
  try {
    return readLinkText(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** The sorted names in a directory, or none if it does not exist. */
export function listDirectory(path: string): string[] {
  try {
    return (readNames(path) ?? []).sort();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/**
 * The names in a directory, or none if it does not exist. Looking up one missing name costs as much as reading several
 * existing ones.
 */
export function namesIn(path: string): ReadonlySet<string> {
  return new Set(listDirectory(path));
}

/** The path with all links followed, or null if it leads nowhere. */
export function resolvePath(path: string): string | null {
  try {
    return Deno.realPathSync(path);
  } catch (cause) {
    if (isAbsence(cause)) return null;
    throw unreadable(path, cause);
  }
}

/**
 * The inode of a sysfs directory or link, or null if there is none. It distinguishes the entry from a later one at the same
 * path.
 *
 * Source: fs/kernfs/dir.c of Linux 6.12: a node gets its number when it is created, and no other node gets it during
 * the same boot. Times do not work here: after memory pressure, kernfs makes them up again together with the inode.
 */
export function readInode(path: string, { follow }: { follow: boolean }): string | null {
  try {
    return readStatus(path, { follow })?.ino ?? null;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** A whole number in an attribute, or null if the attribute is absent or holds none. */
export function parseNumber(text: string | null): number | null {
  if (text === null || !/^\s*-?(0x[0-9a-f]+|\d+)\s*$/i.test(text)) return null;
  return Number(text);
}

/** A hexadecimal id in this program's notation: lower case, without `0x`. */
export function parseHex(text: string | null): string | null {
  return text === null ? null : text.trim().toLowerCase().replace(/^0x/, "");
}

/** The last part of a path. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** ENOENT and ENOTDIR mean that nothing exists there. */
function isAbsence(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** The errno name for an error of the runtime, which names only the common ones. */
export function errnoOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === "string") return code;
  const number = /\(os error (\d+)\)/.exec(error instanceof Error ? error.message : "")?.[1];
  return number === undefined ? String(error) : errnoName(Number(number));
}

function unreadable(path: string, cause: unknown): Failure {
  const answer = errnoOf(cause);
  const denied = answer === "EACCES" || answer === "EPERM";
  return new Failure(
    denied ? "not-permitted" : "kernel",
    `Cannot read ${path}: kernel answered ${answer}`,
    { subject: path, remedy: denied ? "Run vfio-ask as root." : null, cause },
  );
}
