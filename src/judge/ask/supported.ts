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

/** A type of source that a host can be a target for, before any source exists. */
export interface SupportedSource {
  /** The source's type; a pattern with `*` or `{name}` where a rule accepts several. */
  type: string;
  /** The source's driver, null where it is not fixed. */
  driver: string | null;
  /** The type here that takes it. */
  target: string;
  verdict: Exclude<Verdict, "incompatible">;
  /** What it rests on: a rule, or only that the type is the same, which leaves it unknown. */
  by: "same-type" | "vendor-rule";
  rule: { file: string; name: string } | null;
  /** How many configurations take it, and how many of them are available now. */
  configurations: number;
  available: number;
  /** How many instances can be had now, null where that cannot be told. */
  instances: number | null;
  /** What the rule demands of the source, in short: `services equal`. */
  conditions: string[];
}

/**
 * What a host can be a target for. Whatever cannot migrate here is left out; whether it can is not always known.
 * Pure; ordered by the source's type.
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

/** Sources of the type itself: the first rule that speaks of such a pair decides, as in an answer. */
function ownType(
  targets: readonly FoundTarget[],
  group: readonly Candidate[],
): SupportedSource | null {
  const [first] = group as [Candidate];
  const { type } = first.configuration;
  for (const { file, rule, target } of targets) {
    const source = selects(rule.for, first, type);
    if (source === null || selects(target, first, type, source) === null) continue;
    // A condition on which it hangs whether the rule speaks at all cannot be told without a source.
    if ((target.when ?? []).length > 0) continue;
    if (target.verdict === "incompatible") return null;
    return describe(group, { type, file: file.name, rule: rule.name, target });
  }
  return describe(group, { type });
}

/** Sources of another type, which only rules accept. */
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

/** A target of a rule of a file. */
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
      return `${fact} told`;
  }
}
