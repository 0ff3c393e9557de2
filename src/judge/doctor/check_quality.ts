import {
  type Device,
  type FINDING_CODES,
  isMigratable,
  type Leveled,
} from "../../documents/mod.ts";
import {
  isUnmigratable,
  NEWEST_READ,
  trackingCheck,
  type TrackingNeed,
  trackingNeed,
} from "../vmm/mod.ts";
import type { DeviceExamination } from "./examination.ts";
import { find, type Finding, vendorOf } from "./finding.ts";

/** Something that a device that can migrate lacks. */
type Shortcoming = Leveled<typeof FINDING_CODES> & {
  holds: (device: Device) => boolean;
  /** What follows the driver's name. */
  sentence: string;
  remedy: string;
};

const lacks = (feature: string) => ({ migration }: Device) =>
  migration.uapi === "v2" && !migration.features.includes(feature);

/**
 * What makes a migration worse or rarer.
 *
 * Source: QEMU's `vfio_block_multiple_devices_migration()`; for the versions see `VMM_CONDITIONS`.
 * `VFIO_MIGRATION_PRE_COPY` in `<linux/vfio.h>`: initial data are for early compatibility checks.
 */
const SHORTCOMINGS: readonly Shortcoming[] = [
  {
    code: "QemuUnmigratable",
    level: "unknown",
    holds: (device) => isMigratable(device.migration) && isUnmigratable(device),
    sentence: `QEMU marks such devices unmigratable, in every version up to ${NEWEST_READ}`,
    remedy:
      "Unplug it from the virtual machine before a migration, or run a QEMU that migrates it.",
  },
  {
    code: "OnlyV1",
    level: "limits",
    holds: ({ migration }) => migration.uapi === "v1",
    sentence: "it speaks migration v1 only, which QEMU 5.2 to 7.2 knows and none since 8.0",
    remedy: "Install a driver with VFIO migration v2, or run QEMU 7.2 on both hosts.",
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
  const lacking = SHORTCOMINGS.filter(({ holds }) => holds(device)).map(
    ({ code, level, sentence, remedy }) =>
      find(level, code, {
        subject: device.id,
        sentence: `${vendorOf(device)}: ${sentence}`,
        remedy,
      }),
  );
  return [...checkTracking(device), ...lacking];
}

/** What QEMU must be started with for the device's dirty tracking. */
function checkTracking(device: Device): Finding[] {
  const need = trackingNeed(device.migration);
  if (need === null || isUnmigratable(device)) return [];
  const { code, why, option } = need;
  const remedy = REMEDIES[code](option.qemu);
  return [find(code === "IommufdNeeded" ? "note" : "limits", code, {
    subject: device.id,
    sentence: `${vendorOf(device)}: ${why}`,
    remedy,
    check: trackingCheck(device.migration) ?? null,
  })];
}

/** Without tracking QEMU takes every page for dirty, and copies them all while the machine stands. */
const REMEDIES: Readonly<Record<TrackingNeed["code"], (option: string) => string>> = {
  DirtyTrackingMissing: (option) =>
    `Start QEMU 8.1 or later with ${option}, at the cost of downtime.`,
  DirtyTrackingFails: (option) =>
    `Boot a kernel whose DMA logging reports (CONFIG_IOMMUFD), or start QEMU 9.1 or later with ${option}.`,
  DirtyTrackingUnknown: (option) =>
    `Reset it and ask again, or start QEMU 9.1 or later with ${option}.`,
  IommufdNeeded: (option) => `Start QEMU 9.1 or later with ${option}.`,
};
