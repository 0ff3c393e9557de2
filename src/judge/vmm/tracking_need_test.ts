import { assert, assertEquals } from "@std/assert";
import {
  type Migration,
  ON_OFF_AUTO,
  type RunningVmm,
  TRACKING_RESULTS,
  VMM_BACKENDS,
} from "../../documents/mod.ts";
import { mttyDevice } from "../../../tests/fixtures/snapshot.ts";
import { trackingNeed, trackingNeedOf } from "./tracking_need.ts";

const migration = (change: Partial<Migration>): Migration => ({
  ...mttyDevice().migration,
  dirtyTracking: "none",
  ...change,
});
const ABSENT = migration({ dmaLogging: "absent" });
const BROKEN = migration({ dmaLogging: "cannot-report" });
const BY_IOMMU = migration({ dmaLogging: "absent", dirtyTracking: "iommu" });

const state = (of: Migration, vmm: RunningVmm | null) => trackingNeedOf(of, vmm)?.state ?? null;

Deno.test("trackingNeed() distinguishes absent, failing and working DMA logging", () => {
  const codes = TRACKING_RESULTS.map((dmaLogging) =>
    trackingNeed(migration({ dmaLogging }))?.code ?? null
  );
  assertEquals(codes, [
    null,
    "DirtyTrackingMissing",
    "DirtyTrackingFails",
    "DirtyTrackingFails",
    null,
  ]);
  assertEquals(trackingNeed(BY_IOMMU)!.code, "IommufdNeeded");
});

Deno.test("trackingNeed() gives the options that meet it, for QEMU and libvirt", () => {
  assertEquals(
    trackingNeed(BROKEN)!.option.qemu,
    "-device vfio-pci,enable-migration=on,x-device-dirty-page-tracking=off",
  );
  assertEquals(trackingNeed(ABSENT)!.option.qemu, "-device vfio-pci,enable-migration=on");
  assertEquals(trackingNeed(BY_IOMMU)!.option, {
    qemu: "-object iommufd,id=ID -device vfio-pci,iommufd=ID",
    libvirt: "<driver iommufd='yes'/>",
  });
  assertEquals(
    trackingNeed({ ...BROKEN, dirtyTracking: "iommu" })!.option.qemu,
    "-object iommufd,id=ID -device vfio-pci,iommufd=ID,x-device-dirty-page-tracking=off",
  );
});

Deno.test("trackingNeed() of uapi v1, or without migration, is null", () => {
  assertEquals(trackingNeed({ ...ABSENT, uapi: "v1" }), null);
  assertEquals(trackingNeed({ ...ABSENT, uapi: "none" }), null);
});

Deno.test("trackingNeedOf() of a device that was not asked is met only by settings for any tracking", () => {
  const notAsked = migration({ dirtyTracking: "unknown" });
  assertEquals(trackingNeedOf(notAsked, null)!.code, "DirtyTrackingUnknown");
  assertEquals(state(notAsked, null), "unknown");
  assertEquals(state(notAsked, { enableMigration: "on" }), "unknown");
  assertEquals(state(notAsked, { enableMigration: "on", deviceDirtyPageTracking: "off" }), "met");
  assertEquals(state(notAsked, { enableMigration: "off" }), "unmet");
});

Deno.test("trackingNeedOf() is unknown without settings, and decided once the settings that matter are known", () => {
  assertEquals(state(ABSENT, null), "unknown");
  assertEquals(state(ABSENT, { qemu: "10.0.2", machineType: "pc-q35-10.0" }), "unknown");
  assertEquals(state(ABSENT, { enableMigration: "on" }), "met");
  assertEquals(state(ABSENT, { enableMigration: "auto" }), "unmet");
  assertEquals(state(BY_IOMMU, { backend: "iommufd" }), "met");
  assertEquals(state(BY_IOMMU, { backend: "container" }), "unknown");
  assertEquals(state(BY_IOMMU, { backend: "container", enableMigration: "auto" }), "unmet");
  assertEquals(state(BY_IOMMU, { backend: "container", enableMigration: "on" }), "met");
});

Deno.test("trackingNeedOf() needs more than enable-migration=on if the log cannot report", () => {
  assertEquals(state(BROKEN, { enableMigration: "on" }), "unknown");
  const both = { enableMigration: "on", deviceDirtyPageTracking: "off" } as const;
  assertEquals(state(BROKEN, both), "met");
  assertEquals(state(BROKEN, { ...both, deviceDirtyPageTracking: "on" }), "unmet");
  assertEquals(state(BROKEN, { qemu: "9.0.2" }), "unmet");
});

Deno.test("trackingNeedOf() reports a working log that is turned off", () => {
  const works = migration({ dirtyTracking: "device" });
  assertEquals(state(works, null), null);
  assertEquals(state(works, { deviceDirtyPageTracking: "off" }), "unknown");
  const off = { deviceDirtyPageTracking: "off", enableMigration: "auto", backend: "container" };
  assertEquals(state(works, off as RunningVmm), "unmet");
});

Deno.test("trackingNeedOf() keeps an unmet need unmet when more settings are known", () => {
  const of = [ABSENT, BROKEN, BY_IOMMU, migration({ dirtyTracking: "device" })];
  for (const device of of) {
    for (const enableMigration of ON_OFF_AUTO) {
      const before = state(device, { enableMigration });
      if (before !== "unmet") continue;
      for (const backend of VMM_BACKENDS) {
        for (const deviceDirtyPageTracking of ON_OFF_AUTO) {
          const after = state(device, { enableMigration, backend, deviceDirtyPageTracking });
          assert(after === "unmet", `${enableMigration} ${backend} ${deviceDirtyPageTracking}`);
        }
      }
    }
  }
});
