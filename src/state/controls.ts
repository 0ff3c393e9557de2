import * as z from "zod/mini";
import { CONTROLS_SCHEMA, type Driver } from "../documents/mod.ts";
import type { SysfsDevice } from "../host/mod.ts";
import { readState, writeState } from "./state_file.ts";

const FILE = "controls.json";

/** The keys of drivers that accepted their device's own data and refused altered data, in one boot. */
const Controls = z.lazy(() =>
  z.looseObject({
    schema: z.literal(CONTROLS_SCHEMA),
    bootId: z.string(),
    passed: z.array(z.string()),
  })
);

/** A key for controls: build and load of the driver and of the parent's driver, and the type of the device. */
export function controlsKey(
  { driver, parentDriver, type }: Pick<SysfsDevice, "driver" | "parentDriver" | "type">,
): string | null {
  if (driver === null) return null;
  const loaded = (of: Driver | null) =>
    of === null ? null : [of.name, of.version, of.srcversion, of.load ?? null];
  return JSON.stringify([loaded(driver), loaded(parentDriver), type]);
}

/** Whether the controls with this key passed in this boot. Effect: none. */
export function isControlled(
  stateDirectory: string | null,
  bootId: string | null,
  key: string | null,
): boolean {
  return key !== null && readPassed(stateDirectory, bootId).includes(key);
}

/**
 * Saves that the controls with this key passed. If the directory cannot be written, they are made again next time. The
 * caller holds the lock of the state directory, see `whileLocked`. Effect: writes to the state directory.
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
    // Not saved.
  }
}

function readPassed(directory: string | null, bootId: string | null): string[] {
  if (bootId === null) return [];
  const read = readState(directory, FILE, Controls);
  return read?.bootId === bootId ? read.passed : [];
}
