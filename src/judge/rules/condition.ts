import type { Condition } from "../../documents/mod.ts";
import { type Fact, type FactHolder, factOf, factText } from "./fact.ts";
import { parseVersion } from "./version.ts";
import { isInRange, parseVersionRange } from "./version_range.ts";

/** The result of a condition: whether it holds, or null if that is unknown, and both values as text. */
export interface ConditionResult {
  holds: boolean | null;
  source: string;
  host: string;
  /** The sides whose fact is unknown. */
  unknown: readonly ("source" | "host")[];
  /** For sets: what the host lacks. */
  lacking: readonly string[];
}

/** Evaluates a condition for a source and a configuration of a host. Pure. */
export function testCondition(
  condition: Condition,
  source: FactHolder,
  host: FactHolder,
): ConditionResult {
  const theirs = factOf(source, condition.fact);
  const ours = factOf(host, condition.hostFact ?? condition.fact);
  const { holds, lacking = [] } = TESTS[condition.op](condition, theirs, ours);
  const facts = [["source", theirs], ["host", ours]] as const;
  const unknown = facts.flatMap(([side, fact]) => fact === null ? side : []);
  return { holds, source: factText(theirs), host: factText(ours), unknown, lacking };
}

type Test = (
  condition: Condition,
  source: Fact,
  host: Fact,
) => { holds: boolean | null; lacking?: readonly string[] };

const TESTS: Readonly<Record<Condition["op"], Test>> = {
  shown: () => ({ holds: true }),
  equal: ({ value, side = "host" }, source, host) => {
    if (value === undefined) return { holds: isEqual(source, host) };
    return { holds: isEqual(value, side === "host" ? host : source) };
  },
  in: ({ values = [], side = "host" }, source, host) => {
    const fact = side === "host" ? host : source;
    if (fact === null) return { holds: null };
    return { holds: values.some((value) => isEqual(value, fact)) };
  },
  atLeast: (condition, source, host) => compareNumbers(condition, source, host, (a, b) => a >= b),
  atMost: (condition, source, host) => compareNumbers(condition, source, host, (a, b) => a <= b),
  superset: (_, source, host) => {
    if (source === null || host === null) return { holds: null };
    if (Array.isArray(source) && Array.isArray(host)) {
      const lacking = source.filter((item) => !host.includes(item));
      return { holds: lacking.length === 0, lacking };
    }
    const [theirs, ours] = [asMask(source), asMask(host)];
    if (theirs === null || ours === null) return { holds: null };
    const lacking = theirs & ~ours;
    return { holds: lacking === 0n, lacking: lacking === 0n ? [] : [`0x${lacking.toString(16)}`] };
  },
  version: ({ range = "*", side = "host" }, source, host) => {
    const fact = side === "host" ? host : source;
    if (typeof fact !== "string") return { holds: null };
    const numbers = typeof source === "string" ? parseVersion(source)?.slice(0, 3).join(".") : null;
    if (range.includes("{source}") && numbers == null) return { holds: null };
    const read = parseVersionRange(range.replaceAll("{source}", numbers ?? ""));
    return { holds: read === null ? null : isInRange(fact, read) };
  },
};

/** Whether two facts are equal, sets in any order. Null if one is unknown. */
function isEqual(a: Fact, b: Fact): boolean | null {
  if (a === null || b === null) return null;
  if (!Array.isArray(a) || !Array.isArray(b)) return String(a) === String(b);
  return a.length === b.length && a.toSorted().every((item, i) => item === b.toSorted()[i]);
}

function compareNumbers(
  { value, side = "host" }: Condition,
  source: Fact,
  host: Fact,
  compare: (a: bigint, b: bigint) => boolean,
): { holds: boolean | null } {
  const ours = parseQuantity(value === undefined || side === "host" ? host : source);
  const bound = parseQuantity(value ?? source);
  return { holds: ours === null || bound === null ? null : compare(ours, bound) };
}

/** Bytes per unit. Decimal units, such as GB, are left out because they are used with both meanings. */
const UNITS: Readonly<Record<string, bigint>> = {
  KiB: 1n << 10n,
  MiB: 1n << 20n,
  GiB: 1n << 30n,
  TiB: 1n << 40n,
};

/** Parses a whole number from 0, also as text with or without a unit: `8589934592`, `8 GiB`. Null for anything else. */
export function parseQuantity(fact: Fact): bigint | null {
  if (typeof fact === "number") return Number.isInteger(fact) && fact >= 0 ? BigInt(fact) : null;
  if (typeof fact !== "string") return null;
  const match = /^(\d{1,20}) ?([KMGT]iB)?$/.exec(fact);
  return match === null ? null : BigInt(match[1]!) * (UNITS[match[2] ?? ""] ?? 1n);
}

/** Parses a bit mask from a number or from `0x…`. Null for anything else. */
function asMask(fact: Fact): bigint | null {
  if (typeof fact === "number") return Number.isInteger(fact) && fact >= 0 ? BigInt(fact) : null;
  return typeof fact === "string" && /^(0x[0-9a-f]+|\d+)$/i.test(fact) ? BigInt(fact) : null;
}
