import { parseRange, type Range, satisfies } from "@std/semver";
import { parseVersion } from "./version.ts";

/** A range that has been read. */
export type VersionRange = Range;

/** A word of a range that can mean something here: an operator, up to three numbers or wildcards, nothing behind them. */
const WORD = /^(\|\||-|(?:<=|>=|[<>=~^]|~>)?(?:[vV]?(?:\d+|[xX*])(?:\.(?:\d+|[xX*])){0,2})?)$/;

/**
 * Reads a range of versions with the meaning that npm's semver gives it: `>=1.2 <2`, `^1.2.3`, `~550.54`, `1.x`,
 * `1.2 - 1.8`, `a || b`, `*`. A version of one or two numbers stands for all that begin with them: `550` for 550.54.14,
 * `<=1.8` for 1.8.9 too, `>1.2` for 1.3 on. Null where it is no range.
 *
 * Zeros in front are skipped, as drivers' versions have them (`535.129.03`). A fourth number and a suffix (`-rc3`, `-91`) are
 * refused, since versions are compared without them.
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
 * Whether a version lies in a range; null where it is no version. Its first three numbers count, and those that are not
 * there are 0; a release candidate counts as its release.
 */
export function isInRange(text: string, range: VersionRange): boolean | null {
  const numbers = parseVersion(text);
  if (numbers === null) return null;
  const [major, minor = 0, patch = 0] = numbers as [number, number?, number?];
  return satisfies({ major, minor, patch }, range);
}
