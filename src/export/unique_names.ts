/**
 * Names for texts in another alphabet: `toName` replaces what is not allowed, and the result is cut to `longest`
 * characters. A text whose name was cut, or is also that of another text, gets a name that ends with a hash of it. So
 * each text has a name of its own, which does not depend on the order. Pure.
 */
export function uniqueNames(
  texts: Iterable<string>,
  { toName, longest, joint }: {
    toName: (text: string) => string;
    longest: number;
    /** What is between the name and the hash. */
    joint: string;
  },
): Map<string, string> {
  const all = [...new Set(texts)];
  const plain = new Map(all.map((text) => [text, toName(text)]));
  const byName = Map.groupBy(all, (text) => plain.get(text)!);
  return new Map(all.map((text) => {
    const name = plain.get(text)!;
    if (name.length <= longest && byName.get(name)!.length === 1) return [text, name];
    const hash = `${joint}${hashOf(text)}`;
    return [text, `${name.slice(0, longest - hash.length)}${hash}`];
  }));
}

/** FNV-1a of 64 bits, in hexadecimal. Source: draft-eastlake-fnv. */
function hashOf(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0").slice(0, 10);
}
