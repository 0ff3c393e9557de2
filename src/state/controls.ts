import * as z from "zod/mini";
import { CONTROLS_SCHEMA, type Driver } from "../documents/mod.ts";
import type { SysfsDevice } from "../host/mod.ts";
import { readState, writeState } from "./state_file.ts";

const FILE = "controls.json";

/** The keys of drivers that took their device's own data and refused altered data, in one boot. */
const Controls = z.lazy(() =>
  z.looseObject({
    schema: z.literal(CONTROLS_SCHEMA),
    bootId: z.string(),
    passed: z.array(z.string()),
  })
);

/** Which driver a control was made with: its build and load, its parent's, and the type of the device. One text. */
export function controlsKey(
  { driver, parentDriver, type }: Pick<SysfsDevice, "driver" | "parentDriver" | "type">,
): string | null {
  if (driver === null) return null;
  const loaded = (of: Driver | null) =>
    of === null ? null : [of.name, of.version, of.srcversion, of.load ?? null];
  return JSON.stringify([loaded(driver), loaded(parentDriver), type]);
}

/** Whether controls of this key passed in this boot. Effect: none. */
export function isControlled(
  stateDirectory: string | null,
  bootId: string | null,
  key: string | null,
): boolean {
  return key !== null && readPassed(stateDirectory, bootId).includes(key);
}

/**
 * Remembers that controls of this key passed. A directory that cannot be written costs no more than that they are made
 * again. The caller holds the lock of the state directory, see `whileLocked`.
 */
export function rememberControls(
  stateDirectory: string | null,
  bootId: string | null,
  key: string | null,
): void {
  if (stateDirectory === null || bootId === null || key === null) return;
  const passed = [...new Set([...readPassed(stateDirectory, bootId), key])];
  try {
    writeState(stateDirectory, FILE, { schema: CONTROLS_SCHEMA, bootId, passed });
  } catch {
    // Not remembered.
  }
}

function readPassed(directory: string | null, bootId: string | null): string[] {
  if (bootId === null) return [];
  const read = readState(directory, FILE, Controls);
  return read?.bootId === bootId ? read.passed : [];
}
