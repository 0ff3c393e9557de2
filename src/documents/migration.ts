import * as z from "zod/mini";
import type { Known } from "./known.ts";
import { Count, Name } from "./text.ts";

/** The names of the v2 states in lower case: `VFIO_DEVICE_STATE_PRE_COPY_P2P` is `pre-copy-p2p`. */
export const MIGRATION_STATES = [
  "error",
  "stop",
  "running",
  "stop-copy",
  "resuming",
  "running-p2p",
  "pre-copy",
  "pre-copy-p2p",
] as const;
export type MigrationState = (typeof MIGRATION_STATES)[number];

/** The names of the flags of `VFIO_DEVICE_FEATURE_MIGRATION`. */
export const MIGRATION_FEATURES = ["stop-copy", "p2p", "pre-copy"] as const;

/**
 * The result of a test of dirty page tracking: `absent`, the driver has none; `cannot-start`; `cannot-report`, it starts
 * but its report fails; `cannot-stop`; or `works`: start, report and stop succeed.
 */
export const TRACKING_RESULTS = [
  "works",
  "absent",
  "cannot-start",
  "cannot-report",
  "cannot-stop",
] as const;
export type TrackingResult = (typeof TRACKING_RESULTS)[number];

/** A call to the kernel and its errno. */
export const Check = z.lazy(() => z.looseObject({ step: Name, errno: z.nullable(Name) }));
export type Check = Known<z.infer<typeof Check>>;

/**
 * What is known about a device's migration.
 *
 * - `uapi`: the version of the uAPI. `none`: probed, no migration. `unknown`: not probed, or the probe failed.
 * - `features`: the flags of v2 by name. `arcs`: the state arcs that they allow, `[from, to]`.
 * - `stopCopyBytes`: the driver's estimate of the STOP_COPY data; null if it gives none.
 * - `dirtyTracking`: who can track dirty pages. It counts only if start, report and stop succeeded.
 * - `dmaLogging`: the test of the device's own log, `VFIO_DEVICE_FEATURE_DMA_LOGGING_*`. QEMU uses an existing log even
 *   if it cannot report. If missing: `works` if `dirtyTracking` is `device`, otherwise `absent`.
 * - `observed`: `probed` on this device, `inferred` from the representative in `inferredFrom`, or `sysfs`, which has no
 *   information about migration.
 * - `checks`: the kernel checks behind an absence or a failure.
 */
export const Migration = z.lazy(() =>
  z.looseObject({
    uapi: z.enum(["v1", "v2", "none", "unknown"]),
    features: z.array(Name),
    arcs: z.array(z.tuple([Name, Name])),
    stopCopyBytes: z.nullable(Count),
    dirtyTracking: z.enum(["device", "iommu", "none", "unknown"]),
    dmaLogging: z.optional(z.nullable(z.enum(TRACKING_RESULTS))),
    observed: z.enum(["probed", "inferred", "sysfs"]),
    inferredFrom: z.optional(z.nullable(Name)),
    checks: z.optional(z.array(Check)),
  })
);
export type Migration = Known<z.infer<typeof Migration>>;

/** The migration of a device that was not probed. */
export const MIGRATION_UNKNOWN: Migration = {
  uapi: "unknown",
  features: [],
  arcs: [],
  stopCopyBytes: null,
  dirtyTracking: "unknown",
  observed: "sysfs",
};

/** Whether the device supports any version of the uAPI. */
export function isMigratable({ uapi }: Pick<Migration, "uapi">): boolean {
  return uapi === "v1" || uapi === "v2";
}

/** The test result of the device's own DMA log; null if it was not probed. */
export function dmaLoggingOf({ dmaLogging, dirtyTracking }: Migration): TrackingResult | null {
  if (dmaLogging != null) return dmaLogging;
  if (dirtyTracking === "unknown") return null;
  return dirtyTracking === "device" ? "works" : "absent";
}
