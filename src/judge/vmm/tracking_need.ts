import {
  dmaLoggingOf,
  type Leveled,
  type Migration,
  type NeedOption,
  type NeedState,
  ON_OFF_AUTO,
  type RunningVmm,
  type TRACKING_CODES,
  TRACKING_RESULTS,
  VMM_BACKENDS,
} from "../../documents/mod.ts";
import { QEMU_DEFAULTS, qemuOutcome, type QemuSettings, type Tracking } from "./qemu_outcome.ts";
import { optionOf, settingWords } from "./qemu_option.ts";

/** A QEMU that has every option, used for an unknown version. */
const RECENT = "10.2";

type TrackingCode = Leveled<typeof TRACKING_CODES>["code"];

/** The settings that QEMU needs for a device's dirty tracking. */
export interface TrackingNeed {
  code: TrackingCode;
  /** The text after the driver's name: why QEMU refuses otherwise. */
  why: string;
  /** The settings in words, and as an option. */
  words: string;
  option: NeedOption;
}

/** A way to migrate with some dirty tracking. The first that holds is reported. */
interface Way {
  code: TrackingCode;
  holds: (tracking: Tracking) => boolean;
  why: (tracking: Tracking) => string;
  settings: Partial<QemuSettings>;
  /** An alternative, at the cost of downtime: every page counts as dirty. */
  or?: Partial<QemuSettings>;
}

const isBroken = ({ dmaLogging }: Tracking) =>
  dmaLogging === "cannot-start" || dmaLogging === "cannot-report";
const whatFails = ({ dmaLogging }: Tracking) =>
  dmaLogging === "cannot-start"
    ? "DMA logging cannot start, so by default a migration fails at once"
    : "DMA logging starts but cannot report, so by default a migration fails midway";

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
    why: () => "only the IOMMU tracks dirty pages, so QEMU refuses by default",
    settings: { backend: "iommufd" },
    or: { enableMigration: "on" },
  },
  {
    code: "DirtyTrackingMissing",
    holds: () => true,
    why: () => "nothing tracks dirty pages, so QEMU refuses by default",
    settings: { enableMigration: "on" },
  },
];

/** For a device that was not asked: the settings that migrate with any dirty tracking. */
const NOT_ASKED: Omit<Way, "holds"> = {
  code: "DirtyTrackingUnknown",
  why: () =>
    "it is unknown whether it tracks dirty pages; without tracking, QEMU refuses by default",
  settings: { enableMigration: "on", deviceDirtyPageTracking: "off" },
};

/** What a device with migration v2 needs from a QEMU that is started for it. Null if QEMU's defaults are enough. */
export function trackingNeed(migration: Migration): TrackingNeed | null {
  const trackings = possibleTrackings(migration);
  if (trackings.every((tracking) => passes({}, tracking))) return null;
  return describe(trackings);
}

/** The same for the QEMU that already runs the device, with its state. Null if there is nothing to report. */
export function trackingNeedOf(
  migration: Migration,
  vmm: RunningVmm | null,
): (TrackingNeed & { state: NeedState }) | null {
  const trackings = possibleTrackings(migration);
  const given = settingsOf(vmm);
  const does = trackings.every((tracking) => passes(given, tracking));
  if (does && trackings.every((tracking) => passes({}, tracking))) return null;
  const could = () => trackings.some((tracking) => couldPass(given, tracking));
  const isTurnedOff = given.deviceDirtyPageTracking === "off";
  const need = describe(isTurnedOff ? trackings.map(withoutLog) : trackings);
  return { ...need, state: does ? "met" : could() ? "unknown" : "unmet" };
}

/** None for a device without migration v2, all for a device that was not asked. */
function possibleTrackings(migration: Migration): Tracking[] {
  if (migration.uapi !== "v2") return [];
  const dmaLogging = dmaLoggingOf(migration);
  if (dmaLogging !== null) return [{ dmaLogging, iommu: migration.dirtyTracking === "iommu" }];
  return TRACKING_RESULTS.flatMap((dmaLogging) =>
    [true, false].map((iommu) => ({ dmaLogging, iommu }))
  );
}

/** A working log that is turned off in QEMU counts as absent. */
function withoutLog(tracking: Tracking): Tracking {
  return isBroken(tracking) ? tracking : { ...tracking, dmaLogging: "absent" };
}

function describe(trackings: readonly Tracking[]): TrackingNeed {
  const [tracking] = trackings as [Tracking];
  const { code, why, settings, or } = trackings.length > 1
    ? NOT_ASKED
    : WAYS.find(({ holds }) => holds(tracking))!;
  const words = settingWords(settings) +
    (or === undefined ? "" : ` (or, at the cost of downtime, ${settingWords(or)})`);
  return { code, why: why(tracking), words, option: optionOf(settings) };
}

/** The known settings, without the unknown ones. */
export function settingsOf(vmm: RunningVmm | null): Partial<QemuSettings> {
  const { qemu, backend, enableMigration, deviceDirtyPageTracking } = vmm ?? {};
  const all = { qemu, backend, enableMigration, deviceDirtyPageTracking };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value != null));
}

function passes(given: Partial<QemuSettings>, tracking: Tracking): boolean {
  return qemuOutcome({ qemu: RECENT, ...QEMU_DEFAULTS, ...given }, tracking) === "passes";
}

/** Whether it passes with some values of the unknown settings. */
function couldPass(given: Partial<QemuSettings>, tracking: Tracking): boolean {
  return VMM_BACKENDS.some((backend) =>
    ON_OFF_AUTO.some((enableMigration) =>
      ON_OFF_AUTO.some((deviceDirtyPageTracking) =>
        passes({ backend, enableMigration, deviceDirtyPageTracking, ...given }, tracking)
      )
    )
  );
}
