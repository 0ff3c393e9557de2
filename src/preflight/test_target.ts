import type { Bytes } from "../../ffi/syscalls.ts";
import type { DeviceHandle, V1Region } from "../device/mod.ts";
import type { Check, DriverTest, Handed, Migration, Problem } from "../documents/mod.ts";
import { listSourceSteps, listTargetSteps } from "./list_steps.ts";
import { type Ran, runSteps } from "./run_steps.ts";

/** The data to give to a target. */
export interface TestSource {
  data: Bytes;
  phase: "pre-copy" | "stop-copy";
}

/**
 * The first altered byte of each altered copy. The second copy keeps a magic number intact: a driver that checks only
 * the magic would accept any state.
 */
const ALTERED_FROM = [0, 8] as const;

/** What the steps of one test share. */
interface Bench {
  device: DeviceHandle;
  id: string;
  migration: Migration;
  v1: V1Region | null;
  problems: Problem[];
}

/**
 * Gives a source's data to the driver of an open, idle device, with controls: first the device's own data and altered
 * copies of it, then the source's data. Ends early if the device's own data is refused or the device does not return to
 * RUNNING. `controls`: `make` them, use those of an earlier run of this load of the driver (`remembered`), or `off`.
 *
 * Effect: changes state. Resets after each write and confirms the reset by the device's state. Never completes
 * RESUMING, so only drivers that load inside `write()` have loaded anything. Problems say where the reset failed.
 */
export function testTarget(
  device: DeviceHandle,
  { id, migration, v1, source, controls }: {
    id: string;
    migration: Migration;
    v1: V1Region | null;
    source: TestSource;
    controls: "make" | "remembered" | "off";
  },
): { test: DriverTest; problems: Problem[] } {
  const bench: Bench = { device, id, migration, v1, problems: [] };
  const test: DriverTest = {
    controls: controls === "make" ? "made" : controls,
    ownBytes: null,
    own: null,
    altered: [],
    source: null,
  };
  const own = readOwn(bench, source);
  if ("check" in own) test.source = { is: "not-handed", check: own.check };
  else runTest(bench, test, { own: own.data, source: source.data });
  return { test, problems: bench.problems };
}

/** Runs the requested controls, then the source's data. */
function runTest(
  bench: Bench,
  test: DriverTest,
  { own, source }: { own: Bytes | null; source: Bytes },
): void {
  test.ownBytes = own?.length ?? null;
  const canControl = own !== null && own.length > 0;
  if (!canControl && test.controls !== "off") test.controls = "impossible";
  if (canControl && test.controls === "made") {
    test.own = handOver(bench, own);
    for (const fromByte of ALTERED_FROM) {
      if (test.own?.is !== "taken" || fromByte >= own.length) break;
      const handed = handOver(bench, alter(own, fromByte));
      if (handed !== null) test.altered.push({ fromByte, handed });
    }
    if (test.own?.is !== "taken") return;
  }
  test.source = handOver(bench, source);
  // The refusal counts only if the driver still accepts its own data: a problem of the host would affect both.
  if (test.source?.is === "refused" && canControl && test.controls !== "off") {
    test.own = handOver(bench, own);
  }
}

/** What the device's own driver reports as initial data. Null if it has none. */
function readOwn(bench: Bench, source: TestSource): { data: Bytes | null } | { check: Check } {
  const stopCopyBytes = source.phase === "stop-copy" ? source.data.length : null;
  const listed = listSourceSteps(bench.migration, { stopCopyBytes });
  if ("impossible" in listed) return { data: null };
  const ran = run(bench, listed.steps, new Uint8Array());
  if (ran === null) return { data: null };
  return ran.stopped === null ? { data: ran.data } : { check: ran.stopped.check };
}

/**
 * Writes data, and once more after a refusal: a temporary error is no verdict. Null if the device did not return to
 * RUNNING before.
 */
function handOver(bench: Bench, data: Bytes): Handed | null {
  const first = handOverOnce(bench, data);
  return first?.is === "refused" ? handOverOnce(bench, data) ?? first : first;
}

function handOverOnce(bench: Bench, data: Bytes): Handed | null {
  const listed = listTargetSteps(bench.migration);
  if ("impossible" in listed) {
    return { is: "not-handed", check: { step: listed.impossible, errno: null } };
  }
  const ran = run(bench, listed.steps, data);
  return ran === null ? null : toHanded(ran, data.length);
}

function run(bench: Bench, steps: Parameters<typeof runSteps>[1], data: Bytes): Ran | null {
  if (bench.problems.length > 0) return null;
  const { ran, back } = runSteps(bench.device, steps, { id: bench.id, v1: bench.v1, data });
  bench.problems.push(...back.problems);
  return ran;
}

/** What a run says about the data. Only the writing steps count. */
function toHanded({ stopped, writtenBytes: bytes }: Ran, wanted: number): Handed {
  if (stopped === null) return { is: bytes < wanted ? "partly-taken" : "taken", bytes };
  const { step, check, isAnswer } = stopped;
  const isVerdict = isAnswer && (step.do === "write" || step.do === "write-size");
  return isVerdict ? { is: "refused", bytes, check } : { is: "not-handed", check };
}

function alter(data: Bytes, fromByte: number): Bytes {
  return data.map((byte, index) => index < fromByte ? byte : byte ^ 0xff);
}
