import { type Device, isMigratable } from "../identity/mod.ts";
import type { DeviceExamination } from "./examination.ts";
import { find, type Finding, type Level, vendorOf } from "./finding.ts";

/** Something that a device that can migrate lacks. */
interface Shortcoming {
  code: string;
  level: Level;
  holds: (device: Device) => boolean;
  /** What follows the driver's name. */
  sentence: string;
  remedy: string;
}

const lacks = (feature: string) => ({ migration }: Device) =>
  migration.uapi === "v2" && !migration.features.includes(feature);

/**
 * What makes a migration worse or rarer.
 *
 * Source: QEMU's `vfio_migration_realize()`, which refuses a device without dirty tracking unless told otherwise and
 * then takes every page for dirty, and `vfio_block_multiple_devices_migration()`; for the versions see `VMM_CONDITIONS`.
 * `VFIO_MIGRATION_PRE_COPY` in `<linux/vfio.h>`: initial data are for early compatibility checks.
 */
const SHORTCOMINGS: readonly Shortcoming[] = [
  {
    code: "OnlyV1",
    level: "limits",
    holds: ({ migration }) => migration.uapi === "v1",
    sentence: "it speaks migration v1 only, which QEMU 5.2 to 7.2 knows and none since 8.0",
    remedy: "Install a driver with VFIO migration v2, or run QEMU 7.2 on both hosts.",
  },
  {
    code: "NoDirtyTracking",
    level: "limits",
    holds: (device) => isMigratable(device.migration) && device.migration.dirtyTracking === "none",
    sentence:
      "neither it nor the IOMMU tracks dirty pages, so that QEMU refuses, or copies all memory while the machine stands",
    remedy:
      "Start QEMU with -device vfio-pci,enable-migration=on to migrate even so, at the cost of downtime.",
  },
  {
    code: "TrackedByIommu",
    level: "note",
    holds: ({ migration }) => migration.uapi === "v2" && migration.dirtyTracking === "iommu",
    sentence: "the IOMMU tracks its dirty pages, which QEMU uses with its iommufd backend only",
    remedy: "Start QEMU 9.1 or later with -object iommufd,id=i -device vfio-pci,iommufd=i.",
  },
  {
    code: "NoP2p",
    level: "limits",
    holds: lacks("p2p"),
    sentence:
      "it has no P2P states, so that QEMU migrates no machine that has another VFIO device too",
    remedy: "Give a virtual machine that has this device no other VFIO device.",
  },
  {
    code: "NoPreCopy",
    level: "note",
    holds: lacks("pre-copy"),
    sentence: "it has no PRE_COPY: no early check of compatibility, and a longer downtime",
    remedy: "Allow for its whole state in the downtime limit of the migration.",
  },
];

/** What a device that can migrate lacks. */
export function checkQuality({ device }: DeviceExamination): Finding[] {
  return SHORTCOMINGS.filter(({ holds }) => holds(device)).map(
    ({ code, level, sentence, remedy }) =>
      find(level, code, {
        subject: device.id,
        sentence: `${vendorOf(device)}: ${sentence}`,
        remedy,
        check: checkBehind(code, device),
      }),
  );
}

/** The kernel's answer that showed that there is no dirty tracking. */
function checkBehind(code: string, { migration }: Device): Finding["check"] {
  if (code !== "NoDirtyTracking") return null;
  return migration.checks?.find(({ step }) => step.includes("DMA_LOGGING")) ?? null;
}
