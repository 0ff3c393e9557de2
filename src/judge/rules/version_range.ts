import { parseRange, type Range, satisfies } from "@std/semver";
import { parseVersion } from "./version.ts";

/** A parsed range. */
export type VersionRange = Range;

/** A valid word of a range: an operator, up to three numbers or wildcards, and nothing after them. */
const WORD = /^(\|\||-|(?:<=|>=|[<>=~^]|~>)?(?:[vV]?(?:\d+|[xX*])(?:\.(?:\d+|[xX*])){0,2})?)$/;

/**
 * Parses a version range with the meaning of npm's semver: `>=1.2 <2`, `^1.2.3`, `~550.54`, `1.x`, `1.2 - 1.8`,
 * `a || b`, `*`. A version of one or two numbers stands for all versions that begin with them: `550` includes
 * 550.54.14, `<=1.8` includes 1.8.9, `>1.2` begins at 1.3. Null if the text is not a range.
 *
 * Leading zeros are skipped, because driver versions have them (`535.129.03`). A fourth number and a suffix (`-rc3`,
 * `-91`) are refused, because versions are compared without them.
 */
export function parseVersionRange(text: string): VersionRange | null {
  if (!text.trim().split(/\s+/).every((word) => WORD.test(word))) return null;
  try {
    return parseRange(text.trim().replace(/\b0+(?=\d)/g, ""));
  } catch {
    return null;
  }
}

/**
 * Whether a version is in a range. Null if it is not a version. Only its first three numbers count; missing ones are 0.
 * A release candidate counts as its release.
 */
export function isInRange(text: string, range: VersionRange): boolean | null {
  const numbers = parseVersion(text);
  if (numbers === null) return null;
  const [major, minor = 0, patch = 0] = numbers as [number, number?, number?];
  return satisfies({ major, minor, patch }, range);
}
