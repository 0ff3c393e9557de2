import type { OpenPath } from "../tasks/mod.ts";

/**
 * Which devices may be tested. Each mode includes the ones before it. `never`: none. `mdev`: idle mdevs. `idle`: every
 * idle device whose driver is declared not to load a state in the write. `load`: every idle device, even if its driver
 * loads the state in the write, or may load it.
 */
export const PREFLIGHT_MODES = ["never", "mdev", "idle", "load"] as const;
export type PreflightMode = (typeof PREFLIGHT_MODES)[number];

/** What a preflight may do. */
export interface PreflightPolicy {
  mode: PreflightMode;
  /** Whether a test also writes the device's own data and altered copies of it; default true. */
  controls?: boolean;
  /** Whether a temporary mdev may be created for a test. */
  create: boolean;
  /** How long a new device is left alone, unless the operator named it. */
  settleMs: number;
  /** Which node is used to open devices. */
  path?: OpenPath;
}
