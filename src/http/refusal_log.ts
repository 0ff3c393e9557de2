import type { Log } from "../systemd/mod.ts";
import type { HttpProblem } from "./problem.ts";

/** The lines that a flood of bad requests can write: so many at once, and one more in each interval. */
export const REFUSAL_LIMITS = { atOnce: 20, intervalMs: 1000 };

/** What is reported of a refused request. */
export interface Refused {
  /** The ID of the request. */
  request: string;
  method: string;
  path: string;
  transport: "tcp" | "unix";
  /** Where in the program an unexpected error came from. */
  stack?: string;
}

/**
 * Logs refused requests with their ID, at a limited rate. The next line that is written says how many are missing. A
 * line has no header and no body of the request, so it has no secret.
 */
export function makeRefusalLog(
  log: Log,
  nowMs: () => number,
): (problem: HttpProblem, refused: Refused) => void {
  const { atOnce, intervalMs } = REFUSAL_LIMITS;
  let left = atOnce;
  let refilledMs = nowMs();
  let missing = 0;
  return ({ problem, document }, refused) => {
    const gained = Math.floor(Math.max(0, nowMs() - refilledMs) / intervalMs);
    if (gained > 0) {
      left = Math.min(atOnce, left + gained);
      refilledMs = nowMs();
    }
    if (left === 0) {
      missing++;
      return;
    }
    left--;
    const { status, detail } = document;
    const fields = { ...refused, problem, status, ...(missing > 0 ? { missing } : {}) };
    const level = problem === "internal" ? "error" : "warning";
    log[level](`refused request ${refused.request}: ${detail}`, fields);
    missing = 0;
  };
}
