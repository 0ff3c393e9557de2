import type {
  Configuration,
  Identity,
  RulesFile,
  RuleTarget,
  Selector,
} from "../../documents/mod.ts";
import { testCondition } from "./condition.ts";
import type { FactHolder } from "./fact.ts";
import { type Captures, literalType, matchType } from "./type_pattern.ts";

/** One target of a rule that applies to a source, in the order of evaluation. */
export interface PreparedTarget {
  file: RulesFile;
  rule: string;
  /** Its position among all targets of all rules. */
  index: number;
  target: RuleTarget;
  captures: Captures;
}

/** The rule target that applies to a pair. */
export interface RuleWord extends PreparedTarget {
  /** How many instances of the target's type replace the source. */
  instances: number;
}

/** A configuration of a host as rules see it. */
export type TargetHolder = FactHolder & { configuration: Configuration };

/** The targets of all rules that apply to a source, in drop-in order. Pure. */
export function prepareRules(files: readonly RulesFile[], source: Identity): PreparedTarget[] {
  const prepared: PreparedTarget[] = [];
  let index = 0;
  for (const file of files) {
    for (const rule of file.document.rules) {
      const captures = selects(rule.for, source, source.type);
      for (const target of rule.targets) {
        if (captures !== null) prepared.push({ file, rule: rule.name, index, target, captures });
        index++;
      }
    }
  }
  return prepared;
}

/**
 * The types of a host that rules could match, besides the source's own. Only patterns are compared with every type; a
 * rule that names a type in full needs one lookup.
 */
export function reachedTypes(
  prepared: readonly PreparedTarget[],
  types: ReadonlyMap<string, unknown>,
): Set<string> {
  const reached = new Set<string>();
  for (const { target, captures } of prepared) {
    for (const pattern of listed(target.type)) {
      const literal = literalType(pattern, captures);
      if (literal !== null) {
        if (types.has(literal)) reached.add(literal);
        continue;
      }
      for (const type of types.keys()) {
        if (!reached.has(type) && matchType(pattern, type, captures) !== null) reached.add(type);
      }
    }
  }
  return reached;
}

/** The first rule target that applies to a pair. Null if none does. Pure. */
export function findRule(
  prepared: readonly PreparedTarget[],
  source: Identity,
  host: TargetHolder,
): RuleWord | null {
  for (const entry of prepared) {
    const { target, captures } = entry;
    const { type, kind: configuration } = host.configuration;
    if (target.configuration !== undefined && target.configuration !== configuration) continue;
    if (target.type === undefined && type !== source.type) continue;
    const found = selects(target, host, type, captures);
    if (found === null) continue;
    const when = target.when ?? [];
    if (!when.every((condition) => testCondition(condition, source, host).holds === true)) continue;
    const instances = countOf(target.instances ?? 1, found);
    if (instances === null || (instances > 1 && configuration === "device")) continue;
    return { ...entry, instances };
  }
  return null;
}

/** Matches a selector with a device. Returns the values of its names, or null if it does not match. */
export function selects(
  selector: Selector | RuleTarget,
  holder: Pick<FactHolder, "driver" | "parentDriver" | "kind" | "facts">,
  type: string,
  known: Captures = {},
): Captures | null {
  const { driver, kind, traits } = selector;
  // A type without a device has only its parent's driver.
  const name = holder.driver?.name ?? holder.parentDriver?.name ?? "";
  if (kind !== undefined && !listed(kind).includes(holder.kind)) return null;
  if (traits !== undefined) {
    const there = holder.facts.traits;
    if (!Array.isArray(there) || !traits.every((trait) => there.includes(trait))) return null;
  }
  const named = driver === undefined ? known : firstMatch(listed(driver), name, known);
  if (named === null || selector.type === undefined) return named;
  return firstMatch(listed(selector.type), type, named);
}

function firstMatch(patterns: readonly string[], text: string, known: Captures): Captures | null {
  for (const pattern of patterns) {
    const found = matchType(pattern, text, known);
    if (found !== null) return found;
  }
  return null;
}

/** The number of instances, given directly or by a name in the source's or the target's type. */
function countOf(instances: number | string, captures: Captures): number | null {
  if (typeof instances === "number") return instances;
  const name = instances.slice(1, -1);
  const count = Object.hasOwn(captures, name) ? Number(captures[name]) : NaN;
  return Number.isInteger(count) && count >= 1 && count <= 1024 ? count : null;
}

function listed<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as T];
}
