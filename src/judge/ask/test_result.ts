import type {
  DeclaredTest,
  DriverTest,
  Evidence,
  Migration,
  PciConfig,
  Reason,
  Verdict,
} from "../../documents/mod.ts";
import type { Candidate } from "./configurations.ts";

/** The result of one test of a candidate, by the driver or by the version attribute. */
export interface TestResult {
  by: "driver" | "version-attribute";
  verdict: Verdict;
  evidence: Evidence | null;
  reasons: Reason[];
  /** What rules declare about tests of this driver; null if no rule does. */
  declared?: DeclaredTest | null;
  /** The data written to the driver, and its reactions. */
  test?: DriverTest;
  /** What the tested device reported about itself. */
  seen?: { migration: Migration; pciConfig: PciConfig | null };
}

/** Test results by candidate, see {@link candidateKey}. */
export type TestResults = ReadonlyMap<string, readonly TestResult[]>;

/** A text that identifies a candidate within a snapshot. */
export function candidateKey(
  { configuration: { kind, type, id, parent } }: Pick<Candidate, "configuration">,
): string {
  return JSON.stringify([kind, type, id ?? null, parent ?? null]);
}

/** Combines the tests of one candidate. Any refusal wins, then the strongest pass; otherwise it is unknown. Pure. */
export function combineTests(
  results: readonly TestResult[],
): Pick<TestResult, "verdict" | "evidence"> {
  const byDriver = ({ evidence }: TestResult) => evidence === "driver-tested";
  for (const verdict of ["incompatible", "compatible"] as const) {
    const said = results.filter((result) => result.verdict === verdict);
    const strongest = said.find(byDriver) ?? said[0];
    if (strongest !== undefined) return { verdict, evidence: strongest.evidence };
  }
  return { verdict: "unknown", evidence: null };
}

/** Fills in what the snapshot does not know from what the tested device reported about itself. Pure. */
export function withSeen(candidate: Candidate, results: readonly TestResult[]): Candidate {
  const seen = results.flatMap((result) => result.seen ?? [])[0];
  if (seen === undefined) return candidate;
  const { migration, pciConfig } = candidate;
  return {
    ...candidate,
    migration: migration.uapi === "unknown" ? seen.migration : migration,
    pciConfig: pciConfig ?? seen.pciConfig,
  };
}
