import type { DeclaredTest, RulesFile } from "../../documents/mod.ts";
import { matchType } from "./type_pattern.ts";

/**
 * What the active rules declare about tests through a driver. The first file that names it decides. Null if none does.
 */
export function declaredTest(
  files: readonly RulesFile[],
  driver: string | null,
): DeclaredTest | null {
  if (driver === null) return null;
  return files.flatMap(({ document }) => document.tests ?? []).find((test) =>
    [test.driver].flat().some((pattern) => matchType(pattern, driver) !== null)
  ) ?? null;
}
