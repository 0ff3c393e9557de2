/** A version as its numbers, and what comes before the release itself: `6.19.0-rc3` is before `6.19.0`. */
interface Version {
  numbers: number[];
  before: string[] | null;
}

/** A range that has been read: one of these lists of comparisons must hold whole. */
export type VersionRange = readonly (readonly Comparison[])[];

interface Comparison {
  operator: "<" | "<=" | ">" | ">=" | "=";
  version: Version;
}

/**
 * Reads a range of versions as semver writes it: `>=1.2 <2`, `^1.2.3`, `~550.54`, `1.x`, `1.2 - 1.8`, `a || b`, `*`.
 * Null where it is none.
 *
 * Versions may have any count of numbers, since drivers' and firmware's do, and a suffix that is no pre-release
 * (`6.8.0-51-generic`, `4.20.0-00001`) says nothing of their order.
 */
export function parseVersionRange(text: string): VersionRange | null {
  const alternatives = text.split("||").map((part) => parseAll(part.trim()));
  return alternatives.some((part) => part === null) ? null : alternatives as Comparison[][];
}

/** Whether a version lies in a range; null where it is no version. */
export function isInRange(text: string, range: VersionRange): boolean | null {
  const version = parseVersion(text);
  if (version === null) return null;
  return range.some((all) => all.every((comparison) => holds(version, comparison)));
}

/** Whether a version is older than another; false where one of them is no version. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [parseVersion(version), parseVersion(than)];
  return a !== null && b !== null && compareNumbers(a.numbers, b.numbers) < 0;
}

function parseVersion(text: string): Version | null {
  const match = /^\s*[vV=]?(\d+(?:\.\d+)*)(?:-((?:rc|alpha|beta|pre)[0-9A-Za-z.-]*))?/.exec(text);
  if (match === null) return null;
  const numbers = match[1]!.split(".").map(Number);
  return { numbers, before: match[2] === undefined ? null : match[2].split(/[.-]/) };
}

function parseAll(text: string): Comparison[] | null {
  if (text === "" || text === "*" || text === "x") return [];
  const span = /^(\S+)\s+-\s+(\S+)$/.exec(text);
  const words = span === null
    ? text.replace(/(<=|>=|[<>=~^])\s+/g, "$1").split(/\s+/)
    : [`>=${span[1]}`, `<=${span[2]}`];
  const parts = words.map(parseOne);
  return parts.some((part) => part === null) ? null : parts.flat() as Comparison[];
}

function parseOne(word: string): Comparison[] | null {
  const match = /^(<=|>=|[<>=~^])?[vV]?(\d+(?:\.\d+)*(?:-[0-9A-Za-z.-]+)?)((?:\.[xX*])*)$/.exec(
    word,
  );
  if (match === null) return null;
  const [, operator = "=", text, wild] = match;
  const version = parseVersion(text!)!;
  const { numbers } = version;
  const upTo = (kept: number): Comparison[] => [
    { operator: ">=", version },
    { operator: "<", version: { numbers: bump(numbers, kept), before: null } },
  ];
  if (wild !== "") return operator === "=" ? upTo(numbers.length) : null;
  switch (operator) {
    case "^": {
      const leading = numbers.findIndex((number) => number !== 0);
      return upTo(leading === -1 ? numbers.length : leading + 1);
    }
    case "~":
      return upTo(Math.min(numbers.length, 2));
    case "<=":
    case "<":
    case ">":
    case ">=":
      return [{ operator, version }];
    default:
      return [{ operator: "=", version }];
  }
}

/** The first version after all that begin with so many of the numbers. */
function bump(numbers: readonly number[], kept: number): number[] {
  return numbers.slice(0, kept).map((number, index) => index === kept - 1 ? number + 1 : number);
}

function holds(version: Version, { operator, version: bound }: Comparison): boolean {
  const order = compareVersions(version, bound);
  switch (operator) {
    case "<":
      // What comes before a release is none of the releases before it: 6.19-rc3 is not < 6.19.
      return order < 0 && !(version.before !== null && isSameRelease(version, bound));
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "=":
      return order === 0;
  }
}

function isSameRelease(a: Version, b: Version): boolean {
  return compareNumbers(a.numbers, b.numbers) === 0;
}

function compareVersions(a: Version, b: Version): number {
  const order = compareNumbers(a.numbers, b.numbers);
  if (order !== 0) return order;
  if (a.before === null || b.before === null) {
    return Number(a.before === null) - Number(b.before === null);
  }
  for (let i = 0; i < Math.max(a.before.length, b.before.length); i++) {
    const difference = compareWords(a.before[i], b.before[i]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `rc3` before `rc12`, as people count. */
function compareWords(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const split = (word: string) => [word.replace(/\d+$/, ""), Number(/\d+$/.exec(word)?.[0] ?? -1)];
  const [[textA, countA], [textB, countB]] = [split(a), split(b)] as [
    [string, number],
    [string, number],
  ];
  return textA === textB ? countA - countB : textA < textB ? -1 : 1;
}
