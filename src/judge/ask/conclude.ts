import {
  type Evidence,
  type Identity,
  type Reason,
  type Refusal,
  vendorName,
  type Verdict,
} from "../../documents/mod.ts";
import { findRule, type PreparedTarget } from "../rules/mod.ts";
import { forInstances } from "./availability.ts";
import { runChecks } from "./checks.ts";
import { judgeNeeds, needsOf } from "./check_vmm.ts";
import type { Candidate } from "./configurations.ts";
import { createFor } from "./create.ts";
import type { Finding } from "./finding.ts";
import type { Unranked } from "./order.ts";
import { hasMigrated, judgePast, type Past } from "./past.ts";
import {
  candidateKey,
  combineTests,
  type TestResult,
  type TestResults,
  withSeen,
} from "./test_result.ts";

/** How different subsystem ids are judged. The guest sees them, and QEMU does not check them. */
export const SUBSYSTEM_MODES = ["warn", "refuse"] as const;
export type SubsystemMode = (typeof SUBSYSTEM_MODES)[number];

/** What candidates are judged with besides the source. */
export interface Grounds {
  rules: readonly PreparedTarget[];
  tests: TestResults;
  past: Past;
  subsystem: SubsystemMode;
}

/** The result for a candidate: either an offer or a refusal. */
export type Placed = { offer?: Unranked; refusal?: Refusal };

/** The conclusion for a class of candidates. It does not depend on their names and availability. */
export type Conclusion =
  & Pick<
    Unranked,
    "evidence" | "needs" | "reasons" | "warnings" | "rule" | "ruleIndex" | "unknowns"
  >
  & {
    verdict: Verdict;
    /** The number of instances that replace the source. */
    instances: number;
    /** Why it is not available now according to findings; null if it is. */
    taken: string | null;
  };

/**
 * Compares one candidate with the source by all checks, rules, tests and earlier migrations.
 *
 * Earlier migrations answer only what is open about the drivers: that nobody compares them, and the open questions of a
 * rule, unless a fact that the rule compares is not known. A refusal stays, and so does every other open question. If a
 * migration failed for a reason of the device, that is an open question itself, which only the driver's yes answers.
 */
export function conclude(
  source: Identity,
  untested: Candidate,
  { rules, tests, past, subsystem }: Grounds,
): Conclusion {
  const results = tests.get(candidateKey(untested)) ?? [];
  const candidate = withSeen(untested, results);
  const test = combineTests(results);
  const word = findRule(rules, source, candidate);
  const tally = past(candidate);
  const migrated = hasMigrated(tally);
  const needs = needsOf(source, candidate);
  const found = [
    ...judgePast(tally, candidate),
    ...runChecks(source, candidate, word).map(bySubsystemMode(subsystem)),
    ...judgeNeeds(needs),
  ];
  const findings = [
    ...results.flatMap(ofTest),
    ...found.map(weaken(test)).map(answered(migrated)),
  ];
  const warnings = reasonsOf(findings, "warn");
  const taken = reasonsOf(findings, "unavailable");
  const shared = {
    needs,
    instances: word?.instances ?? 1,
    rule: word === null ? null : { file: word.file.name, name: word.rule },
    ruleIndex: word?.index ?? null,
    taken: taken.length === 0 ? null : taken.map(({ sentence }) => sentence).join("; "),
  };
  const refused = reasonsOf(findings, "refuse");
  if (refused.length > 0) {
    // What accepts and what is unknown does not refuse: it becomes a warning. Unknowns of QEMU and of needs are dropped.
    const open = findings.filter(({ effect, by }) =>
      effect === "unknown" && by !== "vmm" && by !== "need" ||
      effect === "accept" && (by === "test" || by === "past")
    );
    return {
      ...shared,
      verdict: "incompatible",
      evidence: evidenceOfRefusal(findings, test),
      reasons: refused,
      warnings: [...open.map(({ reason }) => reason), ...warnings],
      unknowns: 0,
    };
  }
  const accepted = reasonsOf(findings, "accept");
  const isCompared = word !== null || test.verdict === "compatible" || migrated;
  const unknown = [
    ...(isCompared ? [] : [nobodyCompares(source, candidate)]),
    ...reasonsOf(findings, "unknown"),
  ];
  const weights = findings.filter(({ effect }) => effect === "unknown").map(({ weight = 1 }) =>
    weight
  );
  // An unknown need does not weaken the evidence of drivers and rules.
  const isBelieved = isCompared &&
    findings.every(({ effect, by }) => effect !== "unknown" || by === "need");
  return {
    ...shared,
    verdict: unknown.length > 0 ? "unknown" : "compatible",
    evidence: isBelieved ? test.evidence ?? (migrated ? "migrated-before" : "vendor-rule") : null,
    reasons: [...accepted, ...unknown, ...taken],
    warnings,
    unknowns: weights.reduce((sum, weight) => sum + weight, isCompared ? 0 : 1),
  };
}

/** Applies the conclusion for a class to one candidate. */
export function place(
  { verdict, evidence, needs, instances, reasons, warnings, rule, ruleIndex, unknowns, taken }:
    Conclusion,
  candidate: Candidate,
  source: Identity,
): Placed {
  const configuration = instances === 1
    ? candidate.configuration
    : { ...candidate.configuration, instances };
  const availability = forInstances(candidate.availability, instances);
  if (verdict === "incompatible") {
    return { refusal: { configuration, verdict, evidence, availability, reasons, warnings, rule } };
  }
  return {
    offer: {
      configuration,
      verdict,
      evidence,
      needs,
      availability: taken === null ? availability : { ...availability, now: false, reason: taken },
      reasons,
      warnings,
      create: createFor(candidate, source),
      rule,
      ruleIndex,
      unknowns,
      numaNode: candidate.numaNode,
    },
  };
}

/** Refuses different subsystem ids if the operator wants that. */
function bySubsystemMode(mode: SubsystemMode): (finding: Finding) => Finding {
  return (finding) =>
    mode === "refuse" && finding.reason.code === "SubsystemDiffers"
      ? { ...finding, effect: "refuse" }
      : finding;
}

/** The strongest evidence of a refusal; null if only a check refused. */
function evidenceOfRefusal(
  findings: readonly Finding[],
  test: Pick<TestResult, "verdict" | "evidence">,
): Evidence | null {
  if (test.verdict === "incompatible") return test.evidence;
  const byRule = findings.some(({ effect, by }) => effect === "refuse" && by === "rule");
  return byRule ? "vendor-rule" : null;
}

/** Turns findings that a passing test overrides into warnings. Only the driver itself overrides a failed migration. */
function weaken(
  { verdict, evidence }: Pick<TestResult, "verdict" | "evidence">,
): (finding: Finding) => Finding {
  const isOverridden = ({ effect, by, reason }: Finding) => {
    if (reason.code === "TypeDiffers") return true;
    if (effect !== "unknown") return false;
    return by === "past" ? evidence === "driver-tested" : by !== "vmm" && by !== "need";
  };
  return (finding) =>
    verdict === "compatible" && isOverridden(finding) ? { ...finding, effect: "warn" } : finding;
}

/** Turns the open questions of rules that earlier migrations answer into warnings. An unknown fact stays one. */
function answered(migrated: boolean): (finding: Finding) => Finding {
  return (finding) =>
    migrated && finding.effect === "unknown" && finding.by === "rule" &&
      finding.reason.code !== "FactMissing"
      ? { ...finding, effect: "warn" }
      : finding;
}

/** The findings of a test. A test without a result is a warning and does not weaken the offer. */
function ofTest({ verdict, reasons }: TestResult): Finding[] {
  const effect = { compatible: "accept", incompatible: "refuse", unknown: "warn" } as const;
  return reasons.map((reason) => ({ effect: effect[verdict], reason, by: "test" }));
}

/** The same type means the same interface. It does not mean that one driver accepts the other's state. */
function nobodyCompares(source: Identity, { driver, configuration }: Candidate): Reason {
  const vendor = vendorName(driver, configuration.type);
  return {
    code: "NobodyCompares",
    sentence: `${vendor}: no rule or test compares devices of type ${source.type}`,
    source: source.type,
    host: configuration.type,
  };
}

function reasonsOf(findings: readonly Finding[], effect: Finding["effect"]): Reason[] {
  return findings.filter((finding) => finding.effect === effect).map(({ reason }) => reason);
}
