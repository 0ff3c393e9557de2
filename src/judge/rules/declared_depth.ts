import type { DeclaredTest, RulesFile } from "../../documents/mod.ts";
import { matchType } from "./type_pattern.ts";

/** What the rules in force declare of tests through a driver: the first file that names it decides; null for none. */
export function declaredTest(
  files: readonly RulesFile[],
  driver: string | null,
): DeclaredTest | null {
  if (driver === null) return null;
  return files.flatMap(({ document }) => document.tests ?? []).find((test) =>
    [test.driver].flat().some((pattern) => matchType(pattern, driver) !== null)
  ) ?? null;
}
