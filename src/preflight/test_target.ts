import type { Bytes } from "../../ffi/syscalls.ts";
import type { DeviceHandle, V1Region } from "../device/mod.ts";
import type { Migration, Problem } from "../identity/mod.ts";
import { planTarget } from "./plan.ts";
import { runSteps } from "./run_steps.ts";
import { judge, type TestVerdict, verdictWithoutData } from "./verdict.ts";

/** What is handed to a target. */
export interface TestSource {
  data: Bytes;
  phase: "pre-copy" | "stop-copy";
}

/**
 * Hands a source's initial data to the driver of an open, idle device, and takes its verdict.
 *
 * Effect: changes state, and brings it back by a reset; problems say where that failed. Nothing is loaded:
 * RESUMING is left by the reset, never by its end.
 */
export function testTarget(
  device: DeviceHandle,
  { id, driver, migration, v1, source }: {
    id: string;
    driver: string;
    migration: Migration;
    v1: V1Region | null;
    source: TestSource;
  },
): TestVerdict & { problems: Problem[] } {
  if (source.data.length === 0) {
    return { ...verdictWithoutData(driver, "it is empty"), problems: [] };
  }
  const plan = planTarget(migration);
  if ("impossible" in plan) {
    const sentence = `${driver}: ${id} cannot be tested: ${plan.impossible}`;
    return {
      verdict: "incompatible",
      evidence: null,
      reasons: [{ code: "TargetCannotMigrate", sentence, source: null, host: migration.uapi }],
      problems: [],
    };
  }
  const { ran, back } = runSteps(device, plan.steps, { id, v1, source: source.data });
  const { phase, data } = source;
  return {
    ...judge({ driver, ran, source: { bytes: data.length, phase } }),
    problems: back.problems,
  };
}
