import type { OpenPath } from "../tasks/mod.ts";

/**
 * Which devices may be tested, each mode with those before it: none; idle mdevs; every idle device whose driver is
 * declared not to load a state in the write; every idle device, those too whose driver loads it, or may.
 */
export const PREFLIGHT_MODES = ["never", "mdev", "idle", "load"] as const;
export type PreflightMode = (typeof PREFLIGHT_MODES)[number];

/** What a preflight may do. */
export interface PreflightPolicy {
  mode: PreflightMode;
  /** Whether a test hands over the device's own and altered data too; on where it is left out. */
  controls?: boolean;
  /** Whether an mdev may be made for the time of a test. */
  create: boolean;
  /** How long a new device is left alone, unless it was named. */
  settleMs: number;
  /** By which node devices are opened. */
  path?: OpenPath;
}
