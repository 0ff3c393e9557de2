import type { Answer } from "../../documents/mod.ts";

/**
 * What QEMU also refuses but no host can see beforehand: settings of the whole machine or of the migration itself.
 *
 * Source: QEMU 10.0 and 10.2 hw/vfio/migration.c: `vfio_viommu_preset()`, `vfio_save_prepare()`; `.unmigratable` of
 * other devices' `VMStateDescription`.
 */
export const NOT_SEEN: Answer["notSeen"] = [
  { code: "Viommu", sentence: "a vIOMMU in the virtual machine" },
  { code: "PostCopy", sentence: "post-copy" },
  { code: "BackgroundSnapshot", sentence: "background snapshots" },
  { code: "OtherDevices", sentence: "other devices that cannot migrate" },
];
