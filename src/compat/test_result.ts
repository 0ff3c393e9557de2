import type { Evidence, Reason, Verdict } from "../identity/mod.ts";
import type { Candidate } from "./configurations.ts";

/** What a test of a candidate said, by the driver or by the version attribute. */
export interface TestResult {
  verdict: Verdict;
  evidence: Evidence | null;
  reasons: Reason[];
}

/** Results of tests by candidate, see {@link candidateKey}. */
export type TestResults = ReadonlyMap<string, TestResult>;

/** One text for a candidate within a snapshot. */
export function candidateKey({ configuration: { kind, type, id, parent } }: Candidate): string {
  return JSON.stringify([kind, type, id ?? null, parent ?? null]);
}

/**
 * What tests of one candidate come to together: a no is a no, whoever says it; a yes is the strongest yes; else
 * it stays unknown. Pure.
 */
export function combineTests(results: readonly TestResult[]): TestResult {
  const reasons = results.flatMap((result) => result.reasons);
  const no = results.find(({ verdict }) => verdict === "incompatible");
  if (no !== undefined) return { ...no, reasons };
  const yes = results.filter(({ verdict }) => verdict === "compatible");
  const strongest = yes.find(({ evidence }) => evidence === "driver-tested") ?? yes[0];
  return { verdict: "unknown", evidence: null, ...strongest, reasons };
}
