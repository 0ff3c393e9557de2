import { join } from "@std/path";
import * as z from "zod/mini";
import type { Driver } from "../identity/mod.ts";
import type { SysfsDevice } from "../sysfs/mod.ts";
import type { World } from "./world.ts";

const CONTROLS_SCHEMA = "vfio-ask/controls/v1";
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
  { stateDirectory }: World,
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
  { stateDirectory }: World,
  bootId: string | null,
  key: string | null,
): void {
  if (stateDirectory === null || bootId === null || key === null) return;
  const passed = [...new Set([...readPassed(stateDirectory, bootId), key])];
  const path = join(stateDirectory, FILE);
  const temporary = `${path}.${Deno.pid}`;
  try {
    Deno.mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    const document = { schema: CONTROLS_SCHEMA, bootId, passed };
    Deno.writeTextFileSync(temporary, JSON.stringify(document), { mode: 0o600 });
    Deno.renameSync(temporary, path);
  } catch {
    // Not remembered.
  }
}

function readPassed(directory: string | null, bootId: string | null): string[] {
  if (directory === null || bootId === null) return [];
  try {
    const read = Controls.parse(JSON.parse(Deno.readTextFileSync(join(directory, FILE))));
    return read.bootId === bootId ? read.passed : [];
  } catch {
    // Not there, or cut short: the controls are made again.
    return [];
  }
}
