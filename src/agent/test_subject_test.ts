import { assertEquals } from "@std/assert";
import { mttyDevice, mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { type Device, MIGRATION_UNKNOWN } from "../identity/mod.ts";
import { shippedRules } from "../rules/mod.ts";
import { forbidden, isTestable, subjectOf } from "./test_subject.ts";
import { PREFLIGHT_MODES } from "./world.ts";

const driver = (name: string) => ({ name, module: name, version: null, srcversion: null });

/** The modes in which a device may be tested. */
function allowed(change: Partial<Device>): string[] {
  const device = mttyDevice({ id: "x", ...change });
  const snapshot = mttySnapshot({ devices: [device], rules: shippedRules() });
  const subject = subjectOf(snapshot, { device: "x" });
  const policy = { create: false, deadlineMs: 1 };
  return PREFLIGHT_MODES.filter((mode) => forbidden(subject, { ...policy, mode }) === null);
}

Deno.test("forbidden() lets a driver that loads in the write be tested with --preflight=load only", () => {
  for (const name of ["mlx5_vfio_pci", "virtio_vfio_pci", "xe-vfio-pci"]) {
    assertEquals(allowed({ kind: "pci", driver: driver(name) }), ["load"], name);
  }
  for (const name of ["hisi_acc_vfio_pci", "qat_vfio_pci", "pds_vfio_pci"]) {
    assertEquals(allowed({ kind: "pci", driver: driver(name) }), ["idle", "load"], name);
  }
});

Deno.test("forbidden() lets an undeclared driver's mdev be tested, and its function with --preflight=load only", () => {
  assertEquals(allowed({ driver: driver("mtty") }), ["mdev", "idle", "load"]);
  assertEquals(allowed({ driver: driver("vendor") }), ["mdev", "idle", "load"]);
  assertEquals(allowed({ kind: "pci", driver: driver("vendor") }), ["load"]);
  assertEquals(allowed({ kind: "pci", driver: null }), ["load"]);
});

Deno.test("forbidden() lets a type be tested only where an mdev may be made", () => {
  const snapshot = mttySnapshot({ types: [mttyType()] });
  const subject = subjectOf(snapshot, { type: "mtty-2", parent: "mtty" });
  const why = (create: boolean) => forbidden(subject, { mode: "mdev", create, deadlineMs: 1 });
  assertEquals([why(true), why(false)?.code], [null, "not-permitted"]);
});

Deno.test("isTestable() hands nothing to what cannot migrate, has trouble, or is of another driver", () => {
  const testable = (change: Partial<Device>, source = mttyIdentity()) => {
    const snapshot = mttySnapshot({ devices: [mttyDevice({ id: "x", ...change })] });
    return isTestable(snapshot, subjectOf(snapshot, { device: "x" }), source);
  };
  const none = { ...MIGRATION_UNKNOWN, uapi: "none" as const };
  assertEquals(testable({}), true);
  assertEquals(testable({ migration: none }), false);
  assertEquals(testable({ driver: driver("vendor") }), false);
  assertEquals(testable({ trouble: { code: "needs-reset", sentence: "" } }), false);
  assertEquals(testable({}, mttyIdentity({ migration: none })), false);
  const { host } = mttySnapshot();
  assertEquals(testable({}, mttyIdentity({ id: "x", host })), false);
  assertEquals(testable({}, mttyIdentity({ id: "x", host: { ...host, bootId: "b" } })), true);
});
