import {
  dmaLoggingOf,
  type Migration,
  type NeedOption,
  type NeedState,
  ON_OFF_AUTO,
  type RunningVmm,
  VMM_BACKENDS,
} from "../identity/mod.ts";
import { QEMU_DEFAULTS, qemuOutcome, type QemuSettings, type Tracking } from "./qemu_outcome.ts";
import { optionOf, settingWords } from "./qemu_option.ts";

/** A QEMU that has every option, for one whose version is not known. */
const RECENT = "10.2";

/** What QEMU must run with for the dirty tracking that a device has. */
export interface TrackingNeed {
  code: string;
  /** What follows the driver's name: why QEMU refuses otherwise. */
  why: string;
  /** The settings in words, and as an option. */
  words: string;
  option: NeedOption;
}

/** Ways to migrate with some dirty tracking, the first that holds is told. */
interface Way {
  code: string;
  holds: (tracking: Tracking) => boolean;
  why: (tracking: Tracking) => string;
  settings: Partial<QemuSettings>;
}

const isBroken = ({ dmaLogging }: Tracking) =>
  dmaLogging === "cannot-start" || dmaLogging === "cannot-report";
const whatFails = ({ dmaLogging }: Tracking) =>
  dmaLogging === "cannot-start"
    ? "DMA logging cannot start, and by default a migration fails at once"
    : "DMA logging starts but cannot report, and by default a migration fails midway";

const WAYS: readonly Way[] = [
  {
    code: "DirtyTrackingFails",
    holds: (tracking) => isBroken(tracking) && tracking.iommu,
    why: whatFails,
    settings: { backend: "iommufd", deviceDirtyPageTracking: "off" },
  },
  {
    code: "DirtyTrackingFails",
    holds: isBroken,
    why: whatFails,
    settings: { enableMigration: "on", deviceDirtyPageTracking: "off" },
  },
  {
    code: "IommufdNeeded",
    holds: ({ iommu }) => iommu,
    why: () => "only the IOMMU tracks dirty pages, and QEMU refuses by default",
    settings: { backend: "iommufd" },
  },
  {
    code: "DirtyTrackingMissing",
    holds: () => true,
    why: () => "nothing tracks dirty pages, and QEMU refuses by default",
    settings: { enableMigration: "on" },
  },
];

/** What a device with migration v2 asks of a QEMU that is started for it, null where QEMU's defaults do. */
export function trackingNeed(migration: Migration): TrackingNeed | null {
  const tracking = trackingOf(migration);
  if (tracking === null || passes({}, tracking)) return null;
  return describe(tracking);
}

/** The same of the QEMU that runs the device already, with how that stands; null where there is nothing to tell. */
export function trackingNeedOf(
  migration: Migration,
  vmm: RunningVmm | null,
): (TrackingNeed & { state: NeedState }) | null {
  const tracking = trackingOf(migration);
  if (tracking === null) return null;
  const given = settingsOf(vmm);
  const does = passes(given, tracking);
  if (does && passes({}, tracking)) return null;
  const isTurnedOff = given.deviceDirtyPageTracking === "off" && !isBroken(tracking);
  const need = describe(isTurnedOff ? { ...tracking, dmaLogging: "absent" } : tracking);
  return { ...need, state: does ? "met" : couldPass(given, tracking) ? "unknown" : "unmet" };
}

/** Null for a device without migration v2, or that nobody asked. */
function trackingOf(migration: Migration): Tracking | null {
  const dmaLogging = dmaLoggingOf(migration);
  if (migration.uapi !== "v2" || dmaLogging === null) return null;
  return { dmaLogging, iommu: migration.dirtyTracking === "iommu" };
}

function describe(tracking: Tracking): TrackingNeed {
  const { code, why, settings } = WAYS.find(({ holds }) => holds(tracking))!;
  return { code, why: why(tracking), words: settingWords(settings), option: optionOf(settings) };
}

/** What is known of the settings, without what is not. */
export function settingsOf(vmm: RunningVmm | null): Partial<QemuSettings> {
  const { qemu, backend, enableMigration, deviceDirtyPageTracking } = vmm ?? {};
  const all = { qemu, backend, enableMigration, deviceDirtyPageTracking };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value != null));
}

function passes(given: Partial<QemuSettings>, tracking: Tracking): boolean {
  return qemuOutcome({ qemu: RECENT, ...QEMU_DEFAULTS, ...given }, tracking) === "passes";
}

/** Whether it passes with some value of what is not known. */
function couldPass(given: Partial<QemuSettings>, tracking: Tracking): boolean {
  return VMM_BACKENDS.some((backend) =>
    ON_OFF_AUTO.some((enableMigration) =>
      ON_OFF_AUTO.some((deviceDirtyPageTracking) =>
        passes({ backend, enableMigration, deviceDirtyPageTracking, ...given }, tracking)
      )
    )
  );
}
