import { assertEquals } from "@std/assert";
import { MIGRATION_UNKNOWN, type Snapshot } from "../../documents/mod.ts";
import { mttyIdentity } from "../../../tests/fixtures/identity.ts";
import { mttyDevice, mttySnapshot, mttyType } from "../../../tests/fixtures/snapshot.ts";
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

/** The verdict with the needs of the first offer or the reasons of the first refusal. */
function needs(snapshot: Snapshot, source = mttyIdentity()): string[] {
  const { offers: [offer], refusals: [refusal] } = ask(snapshot, source);
  if (offer === undefined) {
    return [refusal!.verdict, ...refusal!.reasons.map(({ code }) => code)];
  }
  return [offer.verdict, ...offer.needs.map(({ code, side, state }) => `${code} ${side} ${state}`)];
}

const idle = (snapshot: Partial<Snapshot>) => mttySnapshot({ types: [], ...snapshot });

Deno.test("ask() warns about an old QEMU or libvirt on either side", () => {
  const here = idle({ host: host({ qemu: "8.0.2", libvirt: "8.5.0" }) });
  const there = mttyIdentity({ host: host({ qemu: "7.2.0", libvirt: null }) });
  assertEquals(needs(here, there), [
    "unknown",
    "QemuWithoutV2 source unknown",
    "QemuMigrationExperimental host open",
  ]);
  assertEquals(warnings(here, there), [
    "QemuMigratesOneDevice 7.2.0 8.0.2",
    "LibvirtRefusesHostDevices null 8.5.0",
  ]);
  const recent = idle({ host: host({ qemu: "10.0.2", libvirt: "12.1.0" }) });
  assertEquals([needs(recent), warnings(recent)], [["compatible"], []]);
  const notKnown = idle({ host: host({ qemu: null }) });
  assertEquals([needs(notKnown), warnings(notKnown)], [["compatible"], []]);
});

Deno.test("ask() judges the QEMU that runs the source, not the installed one", () => {
  const there = mttyIdentity({
    host: host({ qemu: "10.0.2" }),
    vmm: { qemu: "8.0.4", enableMigration: "on" },
  });
  assertEquals(needs(idle({}), there), [
    "compatible",
    "QemuMigrationExperimental source met",
  ]);
  const off = { ...there, vmm: { qemu: "8.0.4", enableMigration: "auto" as const } };
  assertEquals(needs(idle({}), off), ["incompatible", "QemuMigrationExperimental"]);
});

Deno.test("ask() says unknown for a device with uapi v1 only and a QEMU that may lack it", () => {
  const migration = { ...mttyDevice().migration, uapi: "v1" as const, features: [] };
  const here = idle({ devices: [mttyDevice({ migration })], host: host({ qemu: "9.2.0" }) });
  assertEquals(needs(here, mttyIdentity({ migration })), [
    "unknown",
    "QemuWithoutV1 host unknown",
  ]);
});

Deno.test("ask() reports missing dirty tracking as a need at the source and as a warning on this host", () => {
  const none = { ...mttyDevice().migration, dirtyTracking: "none" as const };
  const here = idle({ devices: [mttyDevice({ migration: none })] });
  assertEquals(warnings(here), ["DirtyTrackingMissingHere device none"]);
  assertEquals(needs(here), ["compatible"]);
  assertEquals(needs(idle({}), mttyIdentity({ migration: none })), [
    "unknown",
    "DirtyTrackingMissing source unknown",
  ]);
});

Deno.test("ask() keeps the evidence of an offer that is unknown only because of a need", () => {
  const none = { ...mttyDevice().migration, dirtyTracking: "none" as const };
  const { offers: [offer] } = ask(idle({}), mttyIdentity({ migration: none }));
  assertEquals([offer!.verdict, offer!.evidence], ["unknown", "vendor-rule"]);
});

Deno.test("ask() decides a need by the options of the source's QEMU", () => {
  const none = { ...mttyDevice().migration, dirtyTracking: "none" as const };
  const source = (enableMigration: "on" | "off" | "auto") =>
    mttyIdentity({ migration: none, vmm: { qemu: "10.0.2", enableMigration } });
  assertEquals(needs(idle({}), source("on")), ["compatible", "DirtyTrackingMissing source met"]);
  assertEquals(needs(idle({}), source("auto")), ["incompatible", "DirtyTrackingMissing"]);
  assertEquals(needs(idle({}), source("off")), ["incompatible", "MigrationDisabled"]);
});

Deno.test("ask() needs the source's machine type, which an older QEMU lacks", () => {
  const source = mttyIdentity({ vmm: { machineType: "pc-q35-10.0" } });
  const state = (qemu: string | null) => needs(idle({ host: host({ qemu }) }), source);
  assertEquals(state("10.0.2"), ["compatible", "MachineType host open"]);
  assertEquals(state("10.2.0"), ["compatible", "MachineType host open"]);
  assertEquals(state("9.2.1"), ["incompatible", "MachineType"]);
  assertEquals(state("16.0.0"), ["unknown", "MachineType host unknown"]);
  assertEquals(state(null), ["unknown", "MachineType host unknown"]);
  const rhel = mttyIdentity({ vmm: { machineType: "pc-q35-rhel9.6.0" } });
  assertEquals(needs(idle({ host: host({ qemu: "9.1.0" }) }), rhel)[0], "unknown");
});

Deno.test("ask() refuses devices that QEMU marks unmigratable, unless this QEMU is newer than all known ones", () => {
  const api = { deviceApi: "vfio-ap", pciConfig: null };
  const facts = { qemu: "99.0.0" };
  const at = (here: object, there: object) =>
    needs(
      idle({ devices: [mttyDevice(api)], host: host({ ...here }) }),
      mttyIdentity({ ...api, host: host({ ...there }) }),
    );
  assertEquals(at({ qemu: "10.2.2" }, facts), ["incompatible", "QemuUnmigratable"]);
  assertEquals(at({}, {}), ["incompatible", "QemuUnmigratable"]);
  assertEquals(at(facts, facts), ["unknown", "QemuUnmigratable source unknown"]);
});

Deno.test("ask() warns about a kernel older than uapi v2 if no device was probed", () => {
  const types = [mttyType({ migration: MIGRATION_UNKNOWN })];
  const here = mttySnapshot({ devices: [], types, host: host({}, "5.14.0-570.el9") });
  assertEquals(warnings(here), ["KernelTooOld 6.12.57 5.14.0-570.el9"]);
});
