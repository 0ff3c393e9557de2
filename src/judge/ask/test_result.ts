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

/** What one test of a candidate said, by the driver or by the version attribute. */
export interface TestResult {
  by: "driver" | "version-attribute";
  verdict: Verdict;
  evidence: Evidence | null;
  reasons: Reason[];
  /** What rules declare of tests through this driver; null where none does. */
  declared?: DeclaredTest | null;
  /** What was handed to the driver, and what it did with it. */
  test?: DriverTest;
  /** What the tested device said of itself. */
  seen?: { migration: Migration; pciConfig: PciConfig | null };
}

/** Results of tests by candidate, see {@link candidateKey}. */
export type TestResults = ReadonlyMap<string, readonly TestResult[]>;

/** One text for a candidate within a snapshot. */
export function candidateKey({ configuration: { kind, type, id, parent } }: Candidate): string {
  return JSON.stringify([kind, type, id ?? null, parent ?? null]);
}

/** What tests of one candidate say together: any no is a no; else the strongest yes; else nothing is known. Pure. */
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

/** What the tested device said of itself fills in what the snapshot does not know. Pure. */
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
