import { SysError } from "../../ffi/errno.ts";
import type { Bytes } from "../../ffi/syscalls.ts";
import type { DirtyTracking } from "../documents/mod.ts";

/** The page size for tracking, in bytes: the smallest that both ways of tracking support. */
export const PAGE_BYTES = 4096n;

/** A zeroed bitmap for a report on a range of this length. */
export function bitmapOf(bytes: bigint): Bytes {
  return new Uint8Array(Number((bytes / PAGE_BYTES + 63n) / 64n * 8n));
}

/** ENOTTY means that the driver lacks the feature. Other errnos come from a driver that has it. */
const ABSENT = ["ENOTTY"];

/** A step of a test, with its name for reports. */
export type Step = readonly [name: string, run: () => unknown];

/**
 * Runs the steps, the last of which reports. Then undoes the completed steps in reverse: `undo[i]` undoes `steps[i]`.
 * The failed step decides the result. A failed undo counts as a failure too.
 */
export function runSteps(steps: readonly Step[], undo: readonly Step[]): DirtyTracking {
  let failed: { step: string; errno: string } | null = null;
  let done = 0;
  for (const [step, run] of steps) {
    failed = attempt(step, run);
    if (failed !== null) break;
    done++;
  }
  let left: { step: string; errno: string } | null = null;
  for (const [step, run] of undo.slice(0, done).reverse()) left = attempt(step, run) ?? left;
  if (failed === null) {
    return left === null
      ? { result: "works", check: null }
      : { result: "cannot-stop", check: left };
  }
  const isAbsent = done === 0 && ABSENT.includes(failed.errno);
  const result = done === steps.length - 1 ? "cannot-report" : isAbsent ? "absent" : "cannot-start";
  return { result, check: failed };
}

function attempt(step: string, run: () => unknown): { step: string; errno: string } | null {
  try {
    run();
    return null;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return { step, errno: error.code };
  }
}
