import { assertEquals } from "@std/assert";
import { MIGRATION_UNKNOWN, type Snapshot } from "../identity/mod.ts";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { mttyDevice, mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";
import { ask } from "./ask.ts";

/** The warnings of the first offer, with both versions. */
function warnings(snapshot: Snapshot, source = mttyIdentity()) {
  return ask(snapshot, source).offers[0]!.warnings.map(({ code, source, host }) =>
    `${code} ${source} ${host}`
  );
}

const host = (facts: Record<string, unknown>, kernel = "6.12.57") => ({
  name: "hv-18",
  kernel,
  bootId: null,
  facts,
});

Deno.test("ask() warns of a QEMU and a libvirt that are too old, on either side, with both versions", () => {
  const here = mttySnapshot({ host: host({ qemu: "8.0.2", libvirt: "8.5.0" }) });
  const there = mttyIdentity({ host: host({ qemu: "7.2.0", libvirt: null }) });
  assertEquals(warnings(here, there), [
    "QemuWithoutV2 7.2.0 8.0.2",
    "QemuMigrationExperimental 7.2.0 8.0.2",
    "QemuMigratesOneDevice 7.2.0 8.0.2",
    "LibvirtRefusesHostDevices null 8.5.0",
  ]);
  assertEquals(warnings(mttySnapshot({ host: host({ qemu: "10.0.2", libvirt: "12.1.0" }) })), []);
  assertEquals(warnings(mttySnapshot({ host: host({ qemu: null }) })), []);
});

Deno.test("ask() warns of a QEMU that dropped uapi v1, which is all that a device speaks", () => {
  const migration = { ...mttyDevice().migration, uapi: "v1" as const, features: [] };
  const here = mttySnapshot({
    devices: [mttyDevice({ migration })],
    types: [],
    host: host({ qemu: "9.2.0" }),
  });
  assertEquals(warnings(here, mttyIdentity({ migration })), ["QemuWithoutV1 null 9.2.0"]);
});

Deno.test("ask() warns of dirty pages that nobody tracks, at the source and here apart", () => {
  const none = { ...mttyDevice().migration, dirtyTracking: "none" as const };
  const here = mttySnapshot({ devices: [mttyDevice({ migration: none })], types: [] });
  assertEquals(warnings(here), ["DirtyTrackingMissingHere device none"]);
  assertEquals(warnings(mttySnapshot(), mttyIdentity({ migration: none })), [
    "DirtyTrackingMissing none device",
  ]);
});

Deno.test("ask() warns of a kernel that is older than uapi v2 where no device was asked", () => {
  const types = [mttyType({ migration: MIGRATION_UNKNOWN })];
  const here = mttySnapshot({ devices: [], types, host: host({}, "5.14.0-570.el9") });
  assertEquals(warnings(here), ["KernelTooOld 6.12.57 5.14.0-570.el9"]);
});
