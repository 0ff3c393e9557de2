import type { Outcome } from "../documents/mod.ts";

/** The result in a few words: `ok`, `failed (device)`, `failed (unknown)`. */
export function resultWords({ result, cause }: Pick<Outcome, "result" | "cause">): string {
  return result === "ok" ? result : `failed (${cause ?? "unknown"})`;
}

/** What an answer said: `compatible (vendor-rule)`; `-` if nobody asked. */
export function predictedWords({ predicted }: Pick<Outcome, "predicted">): string {
  if (predicted === null) return "-";
  const { verdict, evidence } = predicted;
  return evidence === null ? verdict : `${verdict} (${evidence})`;
}
