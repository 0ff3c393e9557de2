import { isOlder } from "../rules/mod.ts";
import type { TrackingResult } from "../../documents/mod.ts";

/** The settings with which QEMU runs the source's device. All are known. */
export interface QemuSettings {
  qemu: string;
  backend: "iommufd" | "container";
  enableMigration: "on" | "off" | "auto";
  deviceDirtyPageTracking: "on" | "off" | "auto";
}

/** What can track the dirty pages of the source's device. */
export interface Tracking {
  dmaLogging: TrackingResult;
  /** Whether the IOMMU's tracking works. */
  iommu: boolean;
}

/** The outcome of a migration: it passes, QEMU refuses to start it, or it fails after the start. */
export type QemuOutcome = "passes" | "blocked" | "fails";

/** QEMU's defaults. */
export const QEMU_DEFAULTS = {
  backend: "container",
  enableMigration: "auto",
  deviceDirtyPageTracking: "on",
} as const;

/** The QEMU version that added `x-device-dirty-page-tracking`, and dirty tracking by an IOMMU through iommufd. */
export const QEMU_IOMMU_TRACKING_SINCE = "9.1";

/**
 * What QEMU 8.1 or later does with a device with migration v2, depending on its dirty tracking.
 *
 * Source: QEMU 10.0 hw/vfio/migration.c `vfio_migration_realize()`: without a device log (or with
 * `x-device-dirty-page-tracking=off`) and without tracking by the IOMMU, `enable-migration=auto` blocks and `on` warns;
 * the same in 10.2. QEMU probes the feature to see whether there is a log, `vfio_dma_logging_supported()`.
 * hw/vfio/common.c (10.2: container.c, listener.c): a failed start or report sets the error of the migration stream, a
 * failed stop is a warning. hw/vfio/iommufd.c: the IOMMU tracks only through iommufd, and not for an mdev. 9.1,
 * "IOMMUFD Dirty Tracking support" (July 2024), added the IOMMU's tracking and `x-device-dirty-page-tracking`.
 */
export function qemuOutcome(settings: QemuSettings, { dmaLogging, iommu }: Tracking): QemuOutcome {
  const { qemu, backend, enableMigration, deviceDirtyPageTracking } = settings;
  if (enableMigration === "off") return "blocked";
  const isRecent = () => !isOlder(qemu, QEMU_IOMMU_TRACKING_SINCE);
  const usesLog = dmaLogging !== "absent" && !(deviceDirtyPageTracking === "off" && isRecent());
  const usesIommu = iommu && backend === "iommufd" && isRecent();
  if (!usesLog && !usesIommu && enableMigration === "auto") return "blocked";
  if (usesLog && ["cannot-start", "cannot-report"].includes(dmaLogging)) return "fails";
  return "passes";
}
