import { errnoName } from "../../ffi/errno.ts";
import { readLinkText, readNames, readStatus, readText } from "../../ffi/files.ts";
import { Failure } from "../documents/mod.ts";

/**
 * A sysfs attribute's text without its last newline, null where there is no such attribute.
 * Throws a {@link Failure} for whatever else the kernel answers.
 */
export function readAttribute(path: string): string | null {
  try {
    const text = readText(path);
    return text?.endsWith("\n") ? text.slice(0, -1) : text;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** What a symbolic link says, null where there is none. */
export function readLink(path: string): string | null {
  try {
    return readLinkText(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** The names in a directory, sorted, none where there is no such directory. */
export function listDirectory(path: string): string[] {
  try {
    return (readNames(path) ?? []).sort();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/**
 * The names in a directory, none where there is no such directory. To try a name that is not there costs as much as to
 * read several that are.
 */
export function namesIn(path: string): ReadonlySet<string> {
  return new Set(listDirectory(path));
}

/** The path with every link followed, null where it leads nowhere. */
export function resolvePath(path: string): string | null {
  try {
    return Deno.realPathSync(path);
  } catch (cause) {
    if (isAbsence(cause)) return null;
    throw unreadable(path, cause);
  }
}

/**
 * What tells one directory or link of sysfs from a later one at the same path, null where there is none: its inode.
 *
 * Source: fs/kernfs/dir.c of Linux 6.12: a node gets its number when it is made, and no other one gets it in the same
 * boot. Times do not serve: kernfs makes those up anew with the inode, after memory was short.
 */
export function readInode(path: string, { follow }: { follow: boolean }): string | null {
  try {
    return readStatus(path, { follow })?.ino ?? null;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** A whole number in an attribute, null where the attribute is absent or holds none. */
export function parseNumber(text: string | null): number | null {
  if (text === null || !/^\s*-?(0x[0-9a-f]+|\d+)\s*$/i.test(text)) return null;
  return Number(text);
}

/** A hexadecimal id as it is written here: lower case, without `0x`. */
export function parseHex(text: string | null): string | null {
  return text === null ? null : text.trim().toLowerCase().replace(/^0x/, "");
}

/** The last part of a path. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** ENOENT and ENOTDIR: there is no such thing. */
function isAbsence(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** The name of the errno behind an error of the runtime, which names the common ones only. */
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
