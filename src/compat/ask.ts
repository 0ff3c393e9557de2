import type { Identity, Offer, Reason, Refusal, Snapshot } from "../identity/mod.ts";
import { type Finding, runChecks } from "./checks.ts";
import { type Candidate, listCandidates } from "./configurations.ts";
import { rankOffers } from "./order.ts";
import { candidateKey, type TestResult, type TestResults } from "./test_result.ts";

/** Offers, best first, and the rest with their reasons. */
export interface Judgement {
  offers: Offer[];
  refusals: Refusal[];
}

/**
 * Holds every configuration of a host against a source. Pure; the order of the answer does not depend on
 * the order of the snapshot. Asking reserves nothing.
 *
 * Where candidates were tested, the test decides: its no refuses, its yes is the stronger evidence. A tested
 * yes also overturns that the type has another name, and that nobody had asked; what a guest would see, it
 * does not.
 */
export function ask(
  snapshot: Snapshot,
  source: Identity,
  tests: TestResults = new Map(),
): Judgement {
  const offers: Omit<Offer, "rank">[] = [];
  const refusals: Refusal[] = [];
  for (const candidate of listCandidates(snapshot)) {
    const test = tests.get(candidateKey(candidate));
    const found = [
      ...checkSelf(snapshot, source, candidate),
      ...runChecks(source, candidate, snapshot.host),
    ];
    const findings = test === undefined ? found : [...found.map(weaken(test)), ...ofTest(test)];
    const { configuration, availability } = candidate;
    const warnings = reasonsOf(findings, "warn");
    const refused = reasonsOf(findings, "refuse");
    if (refused.length > 0) {
      const verdict = "incompatible";
      refusals.push({ configuration, verdict, availability, reasons: refused, warnings });
      continue;
    }
    const unknown = reasonsOf(findings, "unknown");
    offers.push({
      configuration,
      verdict: unknown.length > 0 ? "unknown" : "compatible",
      evidence: unknown.length > 0 ? null : test?.evidence ?? "same-type",
      availability,
      reasons: [...reasonsOf(findings, "accept"), ...unknown],
      warnings,
      create: candidate.create,
    });
  }
  return { offers: rankOffers(offers), refusals: refusals.toSorted(compareRefusals) };
}

/** What a tested yes knows better than a check without a test. */
const OVERTURNED = ["TypeDiffers", "TargetNotObserved", "SourceNotObserved"];

function weaken({ verdict }: TestResult): (finding: Finding) => Finding {
  return (finding) =>
    verdict === "compatible" && OVERTURNED.includes(finding.reason.code)
      ? { ...finding, effect: "warn" }
      : finding;
}

/** A test that knows nothing is worth a warning: the offer stays as strong as it was without. */
function ofTest({ verdict, reasons }: TestResult): Finding[] {
  const effect = { compatible: "accept", incompatible: "refuse", unknown: "warn" } as const;
  return reasons.map((reason) => ({ effect: effect[verdict], reason }));
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
    ...(check === undefined ? {} : { check }),
  }];
}

/** The source itself, while the host that it is on still runs: a device cannot take its own migration. */
function checkSelf({ host }: Snapshot, source: Identity, { configuration }: Candidate): Finding[] {
  const same = configuration.id === source.id && host.bootId !== null &&
    host.bootId === source.host.bootId;
  if (!same) return [];
  const sentence = `${source.driver?.name ?? source.type}: ${source.id} is the source itself`;
  return [{
    effect: "refuse",
    reason: { code: "SourceItself", sentence, source: source.id, host: source.id },
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
