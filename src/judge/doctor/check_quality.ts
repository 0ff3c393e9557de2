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

/** A limitation of a device that can migrate. */
type Shortcoming = Leveled<typeof FINDING_CODES> & {
  holds: (device: Device) => boolean;
  /** The text after the driver's name. */
  sentence: string;
  remedy: string;
};

const lacks = (feature: string) => ({ migration }: Device) =>
  migration.uapi === "v2" && !migration.features.includes(feature);

/**
 * Limitations that make a migration slower, or possible in fewer cases.
 *
 * Source: QEMU's `vfio_block_multiple_devices_migration()`; for the versions, see `VMM_CONDITIONS`.
 * `VFIO_MIGRATION_PRE_COPY` in `<linux/vfio.h>`: initial data serves early compatibility checks.
 */
const SHORTCOMINGS: readonly Shortcoming[] = [
  {
    code: "QemuUnmigratable",
    level: "unknown",
    holds: (device) => isMigratable(device.migration) && isUnmigratable(device),
    sentence: `QEMU marks such devices as unmigratable in all versions up to ${NEWEST_READ}`,
    remedy:
      "Unplug it from the virtual machine before a migration, or run a QEMU that can migrate it.",
  },
  {
    code: "OnlyV1",
    level: "limits",
    holds: ({ migration }) => migration.uapi === "v1",
    sentence: "it supports only migration v1, which only QEMU 5.2 to 7.2 supports",
    remedy: "Install a driver with VFIO migration v2, or run QEMU 7.2 on both hosts.",
  },
  {
    code: "NoP2p",
    level: "limits",
    holds: lacks("p2p"),
    sentence:
      "it has no P2P states; QEMU migrates it only if the virtual machine has no other VFIO device",
    remedy: "Give the virtual machine of this device no other VFIO device.",
  },
  {
    code: "NoPreCopy",
    level: "note",
    holds: lacks("pre-copy"),
    sentence:
      "it has no PRE_COPY, so compatibility cannot be checked early and the downtime is longer",
    remedy: "Set a downtime limit that allows for the transfer of its whole state.",
  },
];

/** The limitations of a device that can migrate. */
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

/** The QEMU options that the device's dirty tracking needs. */
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

/** Without tracking, QEMU treats every page as dirty and copies all of them while the machine is stopped. */
const REMEDIES: Readonly<Record<TrackingNeed["code"], (option: string) => string>> = {
  DirtyTrackingMissing: (option) =>
    `Start QEMU 8.1 or later with ${option}, at the cost of a longer downtime.`,
  DirtyTrackingFails: (option) =>
    `Boot a kernel in which DMA logging can report (CONFIG_IOMMUFD), or start QEMU 9.1 or later with ${option}.`,
  DirtyTrackingUnknown: (option) =>
    `Reset the device and ask again, or start QEMU 9.1 or later with ${option}.`,
  IommufdNeeded: (option) => `Start QEMU 9.1 or later with ${option}.`,
};
