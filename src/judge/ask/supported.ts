import {
  compareText,
  type Condition,
  type Rule,
  type RulesFile,
  type RuleTarget,
  type Snapshot,
  type Verdict,
} from "../../documents/mod.ts";
import { isNewerThanRead, isUnmigratable } from "../vmm/mod.ts";
import { fillPattern, selects } from "../rules/mod.ts";
import { type Candidate, listCandidates } from "./configurations.ts";

/** A type of source that a host can accept. */
export interface SupportedSource {
  /** The source's type; a pattern with `*` or `{name}` if a rule accepts several. */
  type: string;
  /** The source's driver, or null for any. */
  driver: string | null;
  /** The type on this host that accepts it. */
  target: string;
  verdict: Exclude<Verdict, "incompatible">;
  /** The evidence: a rule, or only the same type. With only the same type, the verdict is unknown. */
  by: "same-type" | "vendor-rule";
  rule: { file: string; name: string } | null;
  /** The number of configurations that accept it. `available` is the number of those available now. */
  configurations: number;
  available: number;
  /** The number of instances available now; null if unknown. */
  instances: number | null;
  /** The conditions of the rule in short form: `services equal`. */
  conditions: string[];
}

/**
 * The types of sources that a host can accept. Configurations that cannot migrate are left out; those with unknown
 * migration support are kept. Pure; ordered by the source's type.
 */
export function listSupported(snapshot: Snapshot): SupportedSource[] {
  const candidates = listCandidates(snapshot).filter(({ migration, possible, trouble }) =>
    migration.uapi !== "none" && possible && !trouble
  ).filter((candidate) => {
    const { qemu } = candidate.host.facts ?? {};
    return !isUnmigratable(candidate) || isNewerThanRead(typeof qemu === "string" ? qemu : null);
  });
  const byType = Map.groupBy(
    candidates,
    ({ configuration, driver, parentDriver }) =>
      JSON.stringify([configuration.type, (driver ?? parentDriver)?.name ?? null]),
  );
  const targets = allTargets(snapshot.rules);
  const supported = [...byType.values()].flatMap((group) => [
    ownType(targets, group),
    ...otherTypes(targets, group),
  ]).filter((entry) => entry !== null);
  const key = ({ type, target, rule }: SupportedSource) => `${type} ${target} ${rule?.name ?? ""}`;
  return supported.toSorted((a, b) => compareText(key(a), key(b)));
}

/** Sources of the same type. The first rule that applies to such a pair decides, as in an answer. */
function ownType(
  targets: readonly FoundTarget[],
  group: readonly Candidate[],
): SupportedSource | null {
  const [first] = group as [Candidate];
  const { type } = first.configuration;
  for (const { file, rule, target } of targets) {
    const source = selects(rule.for, first, type);
    if (source === null || selects(target, first, type, source) === null) continue;
    // Without a source, `when` conditions cannot be evaluated, so it is unknown whether the rule applies.
    if ((target.when ?? []).length > 0) continue;
    if (target.verdict === "incompatible") return null;
    return describe(group, { type, file: file.name, rule: rule.name, target });
  }
  return describe(group, { type });
}

/** Sources of other types, which only rules accept. */
function otherTypes(
  targets: readonly FoundTarget[],
  group: readonly Candidate[],
): SupportedSource[] {
  const [first] = group as [Candidate];
  const { type } = first.configuration;
  return targets.flatMap(({ file, rule, target }) => {
    if (target.type === undefined || target.verdict === "incompatible") return [];
    const captures = selects(target, first, type);
    if (captures === null) return [];
    const sources = [rule.for.type ?? "*"].flat().map((pattern) => fillPattern(pattern, captures));
    const driver = [rule.for.driver ?? []].flat().join(" or ") || null;
    return sources.filter((source) => source !== type).map((source) => ({
      ...describe(group, { type: source, file: file.name, rule: rule.name, target }),
      driver,
    }));
  });
}

/** A target with its rule and file. */
interface FoundTarget {
  file: RulesFile;
  rule: Rule;
  target: RuleTarget;
}

function allTargets(rules: readonly RulesFile[]): FoundTarget[] {
  return rules.flatMap((file) =>
    file.document.rules.flatMap((rule) => rule.targets.map((target) => ({ file, rule, target })))
  );
}

function describe(
  group: readonly Candidate[],
  { type, file, rule, target }: {
    type: string;
    file?: string;
    rule?: string;
    target?: RuleTarget;
  },
): SupportedSource {
  const [first] = group as [Candidate];
  const unknown = group.every(({ migration }) => migration.uapi === "unknown");
  const counts = group.map(({ availability }) => availability.instances);
  return {
    type,
    driver: (first.driver ?? first.parentDriver)?.name ?? null,
    target: first.configuration.type,
    verdict: unknown || target?.verdict !== "compatible" ? "unknown" : "compatible",
    by: target?.verdict === "compatible" ? "vendor-rule" : "same-type",
    rule: file === undefined ? null : { file, name: rule! },
    configurations: group.length,
    available: group.filter(({ availability }) => availability.now).length,
    instances: counts.includes(null) ? null : counts.reduce<number>((sum, n) => sum + n!, 0),
    conditions: [
      ...new Set([...target?.when ?? [], ...target?.require ?? []].map(conditionWords)),
    ],
  };
}

function conditionWords({ fact, hostFact, op, range, value, values }: Condition): string {
  switch (op) {
    case "version":
      return `${fact} ${range}`;
    case "in":
      return `${fact} one of ${values!.join(", ")}`;
    case "equal":
      return value === undefined ? `${fact} equal` : `${fact} ${value}`;
    case "atLeast":
    case "atMost":
      return `${fact} ${op === "atLeast" ? "at least" : "at most"} ${value ?? "the source's"}`;
    case "superset":
      return hostFact === undefined ? `${fact} a superset` : `${hostFact} a superset of ${fact}`;
    case "shown":
      return `${fact} reported`;
  }
}
