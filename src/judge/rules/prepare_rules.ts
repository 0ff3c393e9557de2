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

/** One target of a rule that speaks of a source, in the order in which rules are asked. */
export interface PreparedTarget {
  file: RulesFile;
  rule: string;
  /** Its place among all targets of all rules: a rule's own order. */
  index: number;
  target: RuleTarget;
  captures: Captures;
}

/** What a rule has to say of a pair. */
export interface RuleWord extends PreparedTarget {
  /** How many instances of the target's type stand for the source. */
  instances: number;
}

/** A configuration of a host as rules see it. */
export type TargetHolder = FactHolder & { configuration: Configuration };

/** The targets of all rules that speak of a source, in drop-in order. Pure. */
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
 * The types of a host that rules could have a word on, beside the source's own. Its cost is that of the types which
 * patterns must be held against, and of none where rules name types in full.
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

/** The word of the first rule that speaks of a pair, null where none does. Pure. */
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

/** Whether a selector is about a device; what its names stand for, null where it is not. */
export function selects(
  selector: Selector | RuleTarget,
  holder: Pick<FactHolder, "driver" | "parentDriver" | "kind" | "facts">,
  type: string,
  known: Captures = {},
): Captures | null {
  const { driver, kind, traits } = selector;
  // Before there is a device of a type its parent's driver stands for the driver.
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

/** A number, or one that a name in the source's or the target's type stands for. */
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
