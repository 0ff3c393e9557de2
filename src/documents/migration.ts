import * as z from "zod/mini";
import type { Known } from "./known.ts";
import { Count, Name } from "./text.ts";

/** Names of the v2 states, in lower case; `VFIO_DEVICE_STATE_PRE_COPY_P2P` is `pre-copy-p2p`. */
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

/** Names of the flags of `VFIO_DEVICE_FEATURE_MIGRATION`. */
export const MIGRATION_FEATURES = ["stop-copy", "p2p", "pre-copy"] as const;

/**
 * How far a way of tracking dirty pages came in a test: `absent`, the driver has none; `cannot-start`; `cannot-report`,
 * it starts and its report fails; `cannot-stop`; or `works`: start, report and stop.
 */
export const TRACKING_RESULTS = [
  "works",
  "absent",
  "cannot-start",
  "cannot-report",
  "cannot-stop",
] as const;
export type TrackingResult = (typeof TRACKING_RESULTS)[number];

/** An errno that the kernel gave, and what was asked of it. */
export const Check = z.lazy(() => z.looseObject({ step: Name, errno: z.nullable(Name) }));
export type Check = Known<z.infer<typeof Check>>;

/**
 * What is known of a device's migration.
 *
 * - `uapi`: which generation answers; `none` was asked and has none, `unknown` was not or could not be asked.
 * - `features`: the flags of v2 by name. `arcs`: the state arcs that they allow, `[from, to]`.
 * - `stopCopyBytes`: the driver's estimate of the STOP_COPY data, null where it gives none.
 * - `dirtyTracking`: who can track dirty pages, believed only where start, report and stop succeeded.
 * - `dmaLogging`: how far the device's own log came, `VFIO_DEVICE_FEATURE_DMA_LOGGING_*`. QEMU uses a log that is there,
 *   whether it can report or not. Left out: `works` where `dirtyTracking` is `device`, else as `absent`.
 * - `observed`: `probed` on this device, `inferred` from the representative in `inferredFrom`, or read
 *   from `sysfs` alone, which says nothing of migration.
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

/** What is known of the migration of a device that nobody asked: nothing. */
export const MIGRATION_UNKNOWN: Migration = {
  uapi: "unknown",
  features: [],
  arcs: [],
  stopCopyBytes: null,
  dirtyTracking: "unknown",
  observed: "sysfs",
};

/** Whether some generation of the uAPI answers. */
export function isMigratable({ uapi }: Pick<Migration, "uapi">): boolean {
  return uapi === "v1" || uapi === "v2";
}

/** How far the device's own log of DMA came, null where nobody asked. */
export function dmaLoggingOf({ dmaLogging, dirtyTracking }: Migration): TrackingResult | null {
  if (dmaLogging != null) return dmaLogging;
  if (dirtyTracking === "unknown") return null;
  return dirtyTracking === "device" ? "works" : "absent";
}
