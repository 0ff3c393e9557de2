/** What the names in braces of a pattern stood for. */
export type Captures = Readonly<Record<string, string>>;

/** A pattern that has been read. */
interface TypePattern {
  regex: RegExp;
  names: string[];
}

/**
 * Matches a type, or a driver's name, with a pattern: `*` is anything, `{name}` is anything that the pattern of
 * the other side repeats. Names that are known already stand for their texts. Null where it does not match.
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

/** The one type that a pattern can stand for, given what its names are known to be; null for several. */
export function literalType(pattern: string, known: Captures): string | null {
  const filled = fillPattern(pattern, known);
  return countWildcards(filled) > 0 ? null : filled;
}

/** A pattern with what its names are known to stand for. */
export function fillPattern(pattern: string, known: Captures): string {
  return partsOf(pattern).map((part, index) => {
    const name = part.slice(1, -1);
    return index % 2 === 1 && Object.hasOwn(known, name) ? known[name] : part;
  }).join("");
}

/** The names in braces of a pattern. */
export function patternNames(pattern: string): string[] {
  return partsOf(pattern).filter((part, index) => index % 2 === 1 && part !== "*")
    .map((braces) => braces.slice(1, -1));
}

/** How many parts of a pattern stand for something else. */
export function countWildcards(pattern: string): number {
  return (partsOf(pattern).length - 1) / 2;
}

/** The parts of a pattern: every second one stands for something else. */
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
