/** The values of a pattern's names in braces. */
export type Captures = Readonly<Record<string, string>>;

/** A parsed pattern. */
interface TypePattern {
  regex: RegExp;
  names: string[];
}

/**
 * Matches a type, or a driver's name, with a pattern. `*` is any text. `{name}` is any text that the other side's
 * pattern repeats. A known name matches only its value. Null if the pattern does not match.
 */
export function matchType(pattern: string, type: string, known: Captures = {}): Captures | null {
  if (!pattern.includes("*") && !pattern.includes("{")) return type === pattern ? known : null;
  const { regex, names } = readPattern(pattern);
  const match = regex.exec(type);
  if (match === null) return null;
  const found: Record<string, string> = { ...known };
  for (const [index, name] of names.entries()) {
    const text = match[index + 1]!;
    if (Object.hasOwn(found, name) && found[name] !== text) return null;
    found[name] = text;
  }
  return found;
}

/** The only type that a pattern can match, with known names filled in. Null if it can match several. */
export function literalType(pattern: string, known: Captures): string | null {
  const filled = fillPattern(pattern, known);
  return countWildcards(filled) > 0 ? null : filled;
}

/** A pattern with known names replaced by their values. */
export function fillPattern(pattern: string, known: Captures): string {
  return partsOf(pattern).map((part, index) => {
    const name = part.slice(1, -1);
    return index % 2 === 1 && Object.hasOwn(known, name) ? known[name] : part;
  }).join("");
}

/** A pattern's names in braces. */
export function patternNames(pattern: string): string[] {
  return partsOf(pattern).filter((part, index) => index % 2 === 1 && part !== "*")
    .map((braces) => braces.slice(1, -1));
}

/** How many wildcards and names a pattern has. */
export function countWildcards(pattern: string): number {
  return (partsOf(pattern).length - 1) / 2;
}

/** The parts of a pattern. Every second one is a wildcard or a name. */
function partsOf(pattern: string): string[] {
  return pattern.split(/(\*|\{\w+\})/);
}

const READ = new Map<string, TypePattern>();

function readPattern(pattern: string): TypePattern {
  const known = READ.get(pattern);
  if (known !== undefined) return known;
  const source = partsOf(pattern).map((part, index) =>
    index % 2 === 0 ? RegExp.escape(part) : part === "*" ? ".*" : "(.+?)"
  ).join("");
  const read = { regex: new RegExp(`^${source}$`, "s"), names: patternNames(pattern) };
  if (READ.size > 10_000) READ.clear();
  READ.set(pattern, read);
  return read;
}
