/**
 * The numbers that a version begins with, null for what is no version: `550.54.14`, `6.12.57+deb13-amd64`, `v1.2`.
 * What follows the numbers must be set off, and says nothing of the order.
 */
export function parseVersion(text: string): number[] | null {
  const [all, numbers] = /^\s*[vV]?(\d{1,15}(?:\.\d{1,15})*)/.exec(text) ?? [];
  if (all === undefined || !/^($|[-+~_\s(]|\.[A-Za-z])/.test(text.slice(all.length))) return null;
  return numbers!.split(".").map(Number);
}

/** Whether a version is older than another; false where one of them is no version. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [parseVersion(version), parseVersion(than)];
  if (a === null || b === null) return false;
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const sign = (a[i] ?? 0) - (b[i] ?? 0);
    if (sign !== 0) return sign < 0;
  }
  return false;
}
