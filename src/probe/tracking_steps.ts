import { SysError } from "../../ffi/errno.ts";
import type { Bytes } from "../../ffi/syscalls.ts";
import type { DirtyTracking } from "../documents/mod.ts";

/** The pages that are tracked, in bytes: the smallest that both ways of tracking know. */
export const PAGE_BYTES = 4096n;

/** Room for a report on so many bytes. */
export function bitmapOf(bytes: bigint): Bytes {
  return new Uint8Array(Number((bytes / PAGE_BYTES + 63n) / 64n * 8n));
}

/** ENOTTY is that the driver has no such thing; other errnos are of a thing that it has. */
const ABSENT = ["ENOTTY"];

/** A step of a test by the name that it is told with. */
export type Step = readonly [name: string, run: () => unknown];

/**
 * Runs the steps, the last of which reports, then undoes in reverse those that were done: `undo[i]` takes back
 * `steps[i]`. The step that fails decides; an undo that fails is a failure too.
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
