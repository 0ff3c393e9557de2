import {
  type Device,
  type DeviceType,
  type Evidence,
  type Identity,
  type Offer,
  type Reason,
  type Refusal,
  type Snapshot,
  vendorName,
  type Verdict,
} from "../identity/mod.ts";
import { findRule, type PreparedTarget, prepareRules, reachedTypes } from "../rules/mod.ts";
import { forInstances } from "./availability.ts";
import { runChecks } from "./checks.ts";
import { judgeNeeds, needsOf } from "./check_vmm.ts";
import { type Candidate, toCandidate } from "./configurations.ts";
import { createFor } from "./create.ts";
import { driverOf, type Finding } from "./finding.ts";
import { indexHost } from "./host_index.ts";
import { type OfferOrder, rankOffers, type Unranked } from "./order.ts";
import {
  candidateKey,
  combineTests,
  type TestResult,
  type TestResults,
  withSeen,
} from "./test_result.ts";

/** How other subsystem ids than the source's are judged: the guest sees them, and QEMU does not check them. */
export const SUBSYSTEM_MODES = ["warn", "refuse"] as const;
export type SubsystemMode = (typeof SUBSYSTEM_MODES)[number];

/** What is wanted of an answer. */
export interface AskOptions {
  /** Tests of candidates. */
  tests?: TestResults;
  /** Whether what cannot be known is left out, rather than offered last. */
  omitUnknown?: boolean;
  /** `warn` where it is left out. */
  subsystem?: SubsystemMode;
  /** What comes first among offers of one verdict: the stronger evidence (the default), or what is available. */
  order?: OfferOrder;
}

/** Offers, best first, and the rest with their reasons. */
export interface Judgement {
  /** What holds of the host as a whole. */
  reasons: Reason[];
  offers: Offer[];
  /** How many offers of unknown verdict were left out. */
  omitted: number;
  /** Worked out when it is asked for: an answer without it costs what configurations of the type cost. */
  readonly refusals: Refusal[];
}

/**
 * Holds every configuration of a host against a source, with the rules in force there. Pure; the order of the
 * answer does not depend on the order of the snapshot. Asking reserves nothing.
 *
 * Where candidates were tested, the test decides: its no refuses, whatever rules say. A passing test is the stronger
 * evidence, and overrides a type mismatch and any unknowns, but neither what a guest would see nor what a rule refuses.
 * Where there is neither a rule nor a test, the verdict is unknown.
 */
export function ask(snapshot: Snapshot, source: Identity, options: AskOptions = {}): Judgement {
  const { tests = new Map(), omitUnknown = false, subsystem = "warn", order } = options;
  const index = indexHost(snapshot);
  const rules = prepareRules(snapshot.rules, source);
  const reached = reachedTypes(rules, index.byType).add(source.type);
  const judgeEntry = (entry: Device | DeviceType) =>
    judge(source, toCandidate(snapshot, index, entry), { rules, tests, subsystem });
  const isNear = (type: string) => tests.size > 0 || reached.has(type);
  const near = (tests.size > 0 ? [...index.byType.keys()] : [...reached])
    .flatMap((type) => index.byType.get(type) ?? []).map(judgeEntry);
  const known = near.flatMap(({ offer }) => offer ?? []);
  const wanted = omitUnknown ? known.filter(({ verdict }) => verdict !== "unknown") : known;
  let refusals: Refusal[] | undefined;
  return {
    reasons: index.byType.has(source.type) || known.length > 0
      ? []
      : [typeNotOnHost(source, snapshot)],
    offers: rankOffers(wanted, source.wish, order),
    omitted: known.length - wanted.length,
    get refusals() {
      refusals ??= [
        ...near,
        ...[...index.byType].flatMap(([type, entries]) => isNear(type) ? [] : entries)
          .map(judgeEntry),
      ].flatMap(({ refusal }) => refusal ?? []).toSorted(compareRefusals);
      return refusals;
    },
  };
}

/** One configuration of a host, judged by itself. */
export type Judged = Omit<Refusal, "verdict"> & Partial<Pick<Offer, "needs">> & {
  verdict: Verdict;
};

/**
 * Holds one device or type of a host against a source, exactly as {@link ask} does with all of them: the same verdict,
 * evidence, reasons and warnings. A device in use is judged too. Pure.
 */
export function judgeOne(
  snapshot: Snapshot,
  source: Identity,
  entry: Device | DeviceType,
  { tests: results = [], subsystem = "warn" }: Pick<AskOptions, "subsystem"> & {
    tests?: readonly TestResult[];
  } = {},
): Judged {
  const candidate = toCandidate(snapshot, indexHost(snapshot), entry);
  const rules = prepareRules(snapshot.rules, source);
  const tests = new Map([[candidateKey(candidate), results]]);
  const { offer, refusal } = judge(source, candidate, { rules, tests, subsystem });
  if (refusal !== undefined) return refusal;
  const { configuration, verdict, evidence, needs, availability, reasons, warnings, rule } = offer!;
  return { configuration, verdict, evidence, needs, availability, reasons, warnings, rule };
}

/** What one candidate comes to. */
function judge(
  source: Identity,
  untested: Candidate,
  { rules, tests, subsystem }: {
    rules: readonly PreparedTarget[];
    tests: TestResults;
    subsystem: SubsystemMode;
  },
): { offer?: Unranked; refusal?: Refusal } {
  const results = tests.get(candidateKey(untested)) ?? [];
  const candidate = withSeen(untested, results);
  const test = combineTests(results);
  const word = findRule(rules, source, candidate);
  const needs = needsOf(source, candidate);
  const found = [
    ...runChecks(source, candidate, word).map(bySubsystemMode(subsystem)),
    ...judgeNeeds(needs),
  ];
  const findings = [...results.flatMap(ofTest), ...found.map(weaken(test))];
  const instances = word?.instances ?? 1;
  const { numaNode } = candidate;
  const configuration = instances === 1
    ? candidate.configuration
    : { ...candidate.configuration, instances };
  const rule = word === null ? null : { file: word.file.name, name: word.rule };
  const warnings = reasonsOf(findings, "warn");
  const availability = forInstances(candidate.availability, instances);
  const shared = { configuration, availability, warnings, rule };
  const refused = reasonsOf(findings, "refuse");
  if (refused.length > 0) {
    const evidence = evidenceOfRefusal(findings, test);
    // A test that passed, and what is not known (but for what only QEMU compares), do not refuse it: they are warnings.
    const open = findings.filter(({ effect, by }) =>
      effect === "unknown" && by !== "vmm" && by !== "need" ||
      effect === "accept" && by === "test"
    );
    const beside = [...open.map(({ reason }) => reason), ...warnings];
    const verdict = "incompatible";
    return { refusal: { ...shared, verdict, evidence, reasons: refused, warnings: beside } };
  }
  const accepted = reasonsOf(findings, "accept");
  const isCompared = word !== null || test.verdict === "compatible";
  const unknown = [
    ...(isCompared ? [] : [nobodyCompares(source, candidate)]),
    ...reasonsOf(findings, "unknown"),
  ];
  const weights = findings.filter(({ effect }) => effect === "unknown").map(({ weight = 1 }) =>
    weight
  );
  // What a monitor needs takes nothing from what drivers and rules know.
  const isBelieved = isCompared &&
    findings.every(({ effect, by }) => effect !== "unknown" || by === "need");
  const taken = reasonsOf(findings, "unavailable");
  return {
    offer: {
      configuration,
      verdict: unknown.length > 0 ? "unknown" : "compatible",
      evidence: isBelieved ? test.evidence ?? "vendor-rule" : null,
      needs,
      availability: taken.length === 0
        ? availability
        : { ...availability, now: false, reason: taken.map(({ sentence }) => sentence).join("; ") },
      reasons: [...accepted, ...unknown, ...taken],
      warnings,
      create: createFor(candidate, source),
      rule,
      ruleIndex: word?.index ?? null,
      unknowns: weights.reduce((sum, weight) => sum + weight, isCompared ? 0 : 1),
      numaNode,
    },
  };
}

/** Other subsystem ids are refused where the operator wants that. */
function bySubsystemMode(mode: SubsystemMode): (finding: Finding) => Finding {
  return (finding) =>
    mode === "refuse" && finding.reason.code === "SubsystemDiffers"
      ? { ...finding, effect: "refuse" }
      : finding;
}

/** Whose no it is: the strongest of those that said it, null where a check did. */
function evidenceOfRefusal(
  findings: readonly Finding[],
  test: Pick<TestResult, "verdict" | "evidence">,
): Evidence | null {
  if (test.verdict === "incompatible") return test.evidence;
  const byRule = findings.some(({ effect, by }) => effect === "refuse" && by === "rule");
  return byRule ? "vendor-rule" : null;
}

/** What a tested yes knows better than a check without a test. */
function weaken({ verdict }: Pick<TestResult, "verdict">): (finding: Finding) => Finding {
  return (finding) =>
    verdict === "compatible" &&
      (finding.effect === "unknown" && finding.by !== "vmm" && finding.by !== "need" ||
        finding.reason.code === "TypeDiffers")
      ? { ...finding, effect: "warn" }
      : finding;
}

/** A test that knows nothing is worth a warning: the offer stays as strong as it was without. */
function ofTest({ verdict, reasons }: TestResult): Finding[] {
  const effect = { compatible: "accept", incompatible: "refuse", unknown: "warn" } as const;
  return reasons.map((reason) => ({ effect: effect[verdict], reason, by: "test" }));
}

/** The same type promises the same interface, not that one driver takes the other's state. */
function nobodyCompares(source: Identity, { driver, configuration }: Candidate): Reason {
  const vendor = vendorName(driver, configuration.type);
  return {
    code: "NobodyCompares",
    sentence: `${vendor}: no rule and no test compares the devices behind the type ${source.type}`,
    source: source.type,
    host: configuration.type,
  };
}

function typeNotOnHost(source: Identity, { host }: Snapshot): Reason {
  const sentence = `${driverOf(source)}: ${host.name} has nothing of type ${source.type}`;
  return { code: "TypeNotOnHost", sentence, source: source.type, host: "none" };
}

/**
 * Why a source cannot migrate at all, wherever to: none where it can, or where that is not known.
 */
export function reasonsNotToMigrate({ migration, driver, type }: Identity): Reason[] {
  if (migration.uapi !== "none") return [];
  const vendor = driver?.name ?? type;
  const check = migration.checks?.[0];
  const answered = check?.errno == null ? "" : `: kernel answered ${check.errno} to ${check.step}`;
  return [{
    code: "SourceCannotMigrate",
    sentence: `${vendor}: the source's driver does not support migration${answered}`,
    source: "none",
    host: null,
    ...(check === undefined ? {} : { check }),
  }];
}

function reasonsOf(findings: readonly Finding[], effect: Finding["effect"]): Reason[] {
  return findings.filter((finding) => finding.effect === effect).map(({ reason }) => reason);
}

/** Nearest first: fewer reasons, then by name. */
function compareRefusals(a: Refusal, b: Refusal): number {
  const text = ({ configuration: { kind, type, parent = "", id = "" } }: Refusal) =>
    `${kind} ${type} ${parent} ${id}`;
  return a.reasons.length - b.reasons.length ||
    (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0);
}
