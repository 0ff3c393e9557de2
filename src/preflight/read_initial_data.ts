import type { DeviceHandle, V1Region } from "../device/mod.ts";
import type { Check, InitialData, Migration, Problem } from "../documents/mod.ts";
import { listSourceSteps } from "./list_steps.ts";
import { runSteps } from "./run_steps.ts";

/** A source's initial data, or why there is none. Problems say whether the device returned to RUNNING. */
export interface ReadInitialData {
  initialData: InitialData | null;
  check: Check | null;
  why: string | null;
  problems: Problem[];
}

/**
 * Reads the initial data, as reported by its driver, of an open, idle device.
 *
 * Effect: changes state, then resets; see {@link runSteps}. With `stopCopyBytes`, a device without PRE_COPY is stopped
 * meanwhile.
 */
export async function readInitialData(
  device: DeviceHandle,
  { id, migration, v1, stopCopyBytes }: {
    id: string;
    migration: Migration;
    v1: V1Region | null;
    stopCopyBytes: number | null;
  },
): Promise<ReadInitialData> {
  const listed = listSourceSteps(migration, { stopCopyBytes });
  if ("impossible" in listed) {
    const { uapi, checks = [] } = migration;
    const check = uapi === "unknown" ? checks.find(({ errno }) => errno !== "ENOTTY") : null;
    return { initialData: null, check: check ?? null, why: listed.impossible, problems: [] };
  }
  const { ran, back } = runSteps(device, listed.steps, { id, v1, data: new Uint8Array() });
  const { problems } = back;
  if (ran.stopped !== null) {
    const { check, isAnswer } = ran.stopped;
    const why = isAnswer
      ? `its driver refused ${check.step} with ${check.errno ?? "its error state"}`
      : `its driver did not answer ${check.step}${check.errno === null ? "" : ` (${check.errno})`}`;
    return { initialData: null, check, why, problems };
  }
  const data = ran.data ?? new Uint8Array();
  const phase = migration.uapi === "v2" && !migration.features.includes("pre-copy")
    ? "stop-copy"
    : "pre-copy";
  return {
    initialData: {
      base64: data.toBase64(),
      bytes: data.length,
      sha256: new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex(),
      origin: "self",
      phase,
    },
    check: null,
    why: null,
    problems,
  };
}
