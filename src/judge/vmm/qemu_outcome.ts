import { isOlder } from "../rules/mod.ts";
import type { TrackingResult } from "../../documents/mod.ts";

/** How QEMU runs the source's device, every setting decided. */
export interface QemuSettings {
  qemu: string;
  backend: "iommufd" | "container";
  enableMigration: "on" | "off" | "auto";
  deviceDirtyPageTracking: "on" | "off" | "auto";
}

/** Who could track the dirty pages of the source's device. */
export interface Tracking {
  dmaLogging: TrackingResult;
  /** Whether the IOMMU's tracking works. */
  iommu: boolean;
}

/** What becomes of a migration: it passes, QEMU refuses to start it, or it fails once it has started. */
export type QemuOutcome = "passes" | "blocked" | "fails";

/** What QEMU does where nothing is set. */
export const QEMU_DEFAULTS = {
  backend: "container",
  enableMigration: "auto",
  deviceDirtyPageTracking: "on",
} as const;

/** When QEMU got `x-device-dirty-page-tracking`, and dirty tracking by an IOMMU through iommufd. */
export const QEMU_IOMMU_TRACKING_SINCE = "9.1";

/**
 * What QEMU from 8.1 on makes of the dirty tracking of a device with migration v2.
 *
 * Source: QEMU 10.0 hw/vfio/migration.c `vfio_migration_realize()`: without a log of the device (or with
 * `x-device-dirty-page-tracking=off`) and without tracking by the IOMMU, `enable-migration=auto` blocks and `on` warns;
 * the same in 10.2. That there is a log it takes from a probe of the feature, `vfio_dma_logging_supported()`.
 * hw/vfio/common.c (10.2: container.c, listener.c): a start or a report that fails sets the error of the migration
 * stream, a stop that fails is a warning. hw/vfio/iommufd.c: the IOMMU tracks only through iommufd, and not for an mdev.
 * 9.1, "IOMMUFD Dirty Tracking support" (July 2024), brought the IOMMU's tracking and `x-device-dirty-page-tracking`.
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
