/**
 * The leading numbers of a version, such as `550.54.14`, `6.12.57+deb13-amd64` or `v1.2`. Null if the text is not a
 * version. A suffix must be separated from the numbers, and does not affect the order.
 */
export function parseVersion(text: string): number[] | null {
  const [all, numbers] = /^\s*[vV]?(\d{1,15}(?:\.\d{1,15})*)/.exec(text) ?? [];
  if (all === undefined || !/^($|[-+~_\s(]|\.[A-Za-z])/.test(text.slice(all.length))) return null;
  return numbers!.split(".").map(Number);
}

/** Whether a version is older than another. False if one of them is not a version. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [parseVersion(version), parseVersion(than)];
  if (a === null || b === null) return false;
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const sign = (a[i] ?? 0) - (b[i] ?? 0);
    if (sign !== 0) return sign < 0;
  }
  return false;
}
