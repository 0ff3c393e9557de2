import {
  checkSchema,
  type Condition,
  jsonPointer,
  readAs,
  RULES_SCHEMA,
  RulesDocument,
  type RuleTarget,
  type Selector,
  shown,
} from "../../documents/mod.ts";
import { parseQuantity } from "./condition.ts";
import { countWildcards, patternNames } from "./type_pattern.ts";
import { parseVersionRange } from "./version_range.ts";

/** An error in a rule file: where, as a JSON pointer, and why. */
export interface RulesError {
  path: string;
  reason: string;
}

/** A valid rule file, or its errors. */
export type ParsedRules =
  | { document: RulesDocument; errors?: undefined }
  | { document?: undefined; errors: RulesError[] };

/** How many errors of one file are reported. */
const MAX_ERRORS = 20;

/** Reads a rule file. A file with an error is refused as a whole. Pure. */
export function parseRules(text: string): ParsedRules {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { errors: [{ path: "", reason: `not JSON: ${(error as Error).message}` }] };
  }
  return checkRules(json);
}

/** Checks a rules document from any origin: its structure, and that it makes sense. Pure. */
export function checkRules(document: unknown): ParsedRules {
  let json: unknown;
  try {
    json = checkSchema(document, RULES_SCHEMA);
  } catch (error) {
    return { errors: [{ path: "/schema", reason: (error as Error).message }] };
  }
  const { data, issues } = readAs<RulesDocument>(RulesDocument, json);
  if (issues !== undefined) {
    return {
      errors: issues.map(({ pointer, value, detail }) => ({
        path: pointer,
        reason: value === undefined ? detail : `${detail}, not ${shown(value)}`,
      })),
    };
  }
  const errors = checkSense(data);
  return errors.length > 0 ? { errors: errors.slice(0, MAX_ERRORS) } : { document: data };
}

/** Checks what a schema cannot: that ranges are valid, and that names and keys are known. */
function checkSense({ rules, ...rest }: RulesDocument): RulesError[] {
  const names = new Set<string>();
  return [
    ...unknownKeys(rest, ["schema", "vendor", "references", "parents", "tests"], ""),
    ...(rest.tests ?? []).flatMap((test, t) =>
      unknownKeys(test, ["driver", "depth", "compares"], `/tests/${t}`)
    ),
    ...rules.flatMap((rule, r) => {
      const path = `/rules/${r}`;
      const twice = names.has(rule.name);
      names.add(rule.name);
      const bound = namesOf(rule.for);
      return [
        ...(twice
          ? [{ path: `${path}/name`, reason: `a rule with this name already exists` }]
          : []),
        ...unknownKeys(rule, ["name", "for", "targets"], path),
        ...unknownKeys(rule.for, ["driver", "type", "kind", "traits"], `${path}/for`),
        ...checkPatterns(rule.for, `${path}/for`),
        ...rule.targets.flatMap((target, t) => checkTarget(target, bound, `${path}/targets/${t}`)),
      ];
    }),
  ];
}

const TARGET_KEYS = [
  "driver",
  "type",
  "configuration",
  "kind",
  "traits",
  "instances",
  "verdict",
  "when",
  "require",
  "warnings",
  "code",
  "sentence",
  "check",
];

function checkTarget(target: RuleTarget, bound: Set<string>, path: string): RulesError[] {
  const { instances } = target;
  const known = bound.union(namesOf(target));
  const count = typeof instances === "string" && !known.has(instances.slice(1, -1))
    ? [{ path: `${path}/instances`, reason: `no type has a name ${instances}` }]
    : [];
  const conditions = (key: "when" | "require") =>
    (target[key] ?? []).flatMap((condition, c) => checkCondition(condition, `${path}/${key}/${c}`));
  return [
    ...unknownKeys(target, TARGET_KEYS, path),
    ...checkPatterns(target, path),
    ...count,
    ...conditions("when"),
    ...conditions("require"),
    ...(target.warnings ?? []).flatMap((warning, w) =>
      unknownKeys(warning, ["code", "sentence"], `${path}/warnings/${w}`)
    ),
  ];
}

/** How many wildcards and names a pattern may have. Each multiplies the cost of matching. */
export const MAX_WILDCARDS = 4;

function checkPatterns(selector: Selector | RuleTarget, path: string): RulesError[] {
  return (["driver", "type"] as const).flatMap((key) =>
    [selector[key] ?? []].flat().filter((pattern) => countWildcards(pattern) > MAX_WILDCARDS)
      .map((pattern) => ({
        path: `${path}/${key}`,
        reason: `${pattern} has more than ${MAX_WILDCARDS} wildcards and names`,
      }))
  );
}

const CONDITION_KEYS = [
  "fact",
  "hostFact",
  "op",
  "side",
  "value",
  "values",
  "range",
  "otherwise",
  "missing",
  "weight",
  "code",
  "sentence",
  "check",
];

/** The fields that each operation takes besides the fact. */
const TAKES: Readonly<Record<Condition["op"], { needs: string[]; refuses: string[] }>> = {
  equal: { needs: [], refuses: ["values", "range"] },
  atLeast: { needs: [], refuses: ["values", "range"] },
  atMost: { needs: [], refuses: ["values", "range"] },
  superset: { needs: [], refuses: ["value", "values", "range", "side"] },
  version: { needs: ["range"], refuses: ["value", "values"] },
  in: { needs: ["values"], refuses: ["value", "range"] },
  shown: { needs: [], refuses: ["value", "values", "range", "side", "otherwise"] },
};

const NUMERIC: readonly Condition["op"][] = ["atLeast", "atMost"];

function checkCondition(condition: Condition, path: string): RulesError[] {
  const { op, range } = condition;
  const errors = unknownKeys(condition, CONDITION_KEYS, path);
  const has = (key: string) => condition[key as keyof Condition] !== undefined;
  for (const key of TAKES[op].needs) {
    if (!has(key)) errors.push({ path: `${path}/${key}`, reason: `${op} needs ${key}` });
  }
  for (const key of TAKES[op].refuses) {
    if (has(key)) errors.push({ path: `${path}/${key}`, reason: `${op} takes no ${key}` });
  }
  if (range !== undefined && parseVersionRange(range.replaceAll("{source}", "1")) === null) {
    const reason = `${range} is not a range of versions with up to three numbers, such as >=1.2 <2`;
    errors.push({ path: `${path}/range`, reason });
  }
  if (NUMERIC.includes(op) && has("value") && parseQuantity(condition.value!) === null) {
    const reason = `${condition.value} is not a whole number, such as 4 or "8 GiB"`;
    errors.push({ path: `${path}/value`, reason });
  }
  return errors;
}

/**
 * Finds unknown keys. Other documents keep unknown fields. In a rule, an unknown key may be a condition that nothing
 * would test, so it is refused unless it begins with `x-`.
 */
function unknownKeys(object: object, keys: readonly string[], path: string): RulesError[] {
  return Object.keys(object).filter((key) => !keys.includes(key) && !key.startsWith("x-"))
    .map((key) => ({
      path: `${path}${jsonPointer([key])}`,
      reason: `unknown key ${key}; the known keys are ${keys.join(", ")}`,
    }));
}

function namesOf({ driver, type }: Selector | RuleTarget): Set<string> {
  return new Set([driver ?? [], type ?? []].flat().flatMap(patternNames));
}
