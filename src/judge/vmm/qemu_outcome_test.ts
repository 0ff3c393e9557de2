import { assertEquals } from "@std/assert";
import { QEMU_DEFAULTS, qemuOutcome, type QemuSettings, type Tracking } from "./qemu_outcome.ts";

const outcome = (tracking: Tracking, settings: Partial<QemuSettings> = {}) =>
  qemuOutcome({ qemu: "10.0.13", ...QEMU_DEFAULTS, ...settings }, tracking);

const WORKS: Tracking = { dmaLogging: "works", iommu: false };
const ABSENT: Tracking = { dmaLogging: "absent", iommu: false };
const BROKEN: Tracking = { dmaLogging: "cannot-report", iommu: false };
const BY_IOMMU: Tracking = { dmaLogging: "absent", iommu: true };
const ON = { enableMigration: "on" } as const;
const NO_LOG = { deviceDirtyPageTracking: "off" } as const;
const IOMMUFD = { backend: "iommufd" } as const;

/** Observed with QEMU 10.0 and mtty, or derived from its sources. */
const CASES: readonly [what: string, tracking: Tracking, Partial<QemuSettings>, string][] = [
  ["a log that works", WORKS, {}, "passes"],
  ["migration turned off", WORKS, { enableMigration: "off" }, "blocked"],
  ["a log that works, turned off", WORKS, NO_LOG, "blocked"],
  ["no log", ABSENT, {}, "blocked"],
  ["no log, enable-migration=on", ABSENT, ON, "passes"],
  ["a log without a report", BROKEN, {}, "fails"],
  ["a log without a report, enable-migration=on", BROKEN, ON, "fails"],
  ["a log without a report, turned off", BROKEN, NO_LOG, "blocked"],
  ["a log without a report, turned off, enable-migration=on", BROKEN, {
    ...ON,
    ...NO_LOG,
  }, "passes"],
  ["the same in QEMU 9.0, which has no such option", BROKEN, {
    ...ON,
    ...NO_LOG,
    qemu: "9.0.2",
  }, "fails"],
  ["a log that cannot stop", { dmaLogging: "cannot-stop", iommu: false }, {}, "passes"],
  ["the IOMMU, through a container", BY_IOMMU, {}, "blocked"],
  ["the IOMMU, through iommufd", BY_IOMMU, IOMMUFD, "passes"],
  ["the IOMMU, through iommufd of QEMU 9.0", BY_IOMMU, { ...IOMMUFD, qemu: "9.0.2" }, "blocked"],
  ["the IOMMU and a log without a report", { ...BROKEN, iommu: true }, IOMMUFD, "fails"],
  ["the same, the log turned off", { ...BROKEN, iommu: true }, { ...IOMMUFD, ...NO_LOG }, "passes"],
];

for (const [what, tracking, settings, expected] of CASES) {
  Deno.test(`qemuOutcome() with ${what}: ${expected}`, () => {
    assertEquals(outcome(tracking, settings), expected);
  });
}
