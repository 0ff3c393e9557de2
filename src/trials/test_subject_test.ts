import { assertEquals } from "@std/assert";
import { mttyDevice, mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { listCandidates } from "../judge/ask/mod.ts";
import { type Device, MIGRATION_UNKNOWN } from "../documents/mod.ts";
import { shippedRules } from "../judge/rules/mod.ts";
import { forbidden, isTestable, subjectFor, subjectOf } from "./test_subject.ts";
import { PREFLIGHT_MODES } from "../access/mod.ts";

const driver = (name: string) => ({ name, module: name, version: null, srcversion: null });

/** The modes in which a device may be tested. */
function allowed(change: Partial<Device>): string[] {
  const device = mttyDevice({ id: "x", ...change });
  const snapshot = mttySnapshot({ devices: [device], rules: shippedRules() });
  const subject = subjectOf(snapshot, { device: "x" });
  const policy = { create: false, settleMs: 0 };
  return PREFLIGHT_MODES.filter((mode) => forbidden(subject, { ...policy, mode }) === null);
}

Deno.test("forbidden() allows a driver that loads in the write with --preflight=load only", () => {
  for (const name of ["mlx5_vfio_pci", "virtio_vfio_pci", "xe-vfio-pci"]) {
    assertEquals(allowed({ kind: "pci", driver: driver(name) }), ["load"], name);
  }
  for (const name of ["hisi_acc_vfio_pci", "qat_vfio_pci", "pds_vfio_pci"]) {
    assertEquals(allowed({ kind: "pci", driver: driver(name) }), ["idle", "load"], name);
  }
});

Deno.test("forbidden() allows an mdev of an undeclared driver, and a function with --preflight=load only", () => {
  assertEquals(allowed({ driver: driver("mtty") }), ["mdev", "idle", "load"]);
  assertEquals(allowed({ driver: driver("vendor") }), ["mdev", "idle", "load"]);
  assertEquals(allowed({ kind: "pci", driver: driver("vendor") }), ["load"]);
  assertEquals(allowed({ kind: "pci", driver: null }), ["load"]);
});

Deno.test("forbidden() allows a type only if an mdev may be created", () => {
  const snapshot = mttySnapshot({ types: [mttyType()] });
  const subject = subjectOf(snapshot, { type: "mtty-2", parent: "mtty" });
  const policy = { mode: "mdev", settleMs: 0 } as const;
  const why = (create: boolean) => forbidden(subject, { ...policy, create });
  assertEquals([why(true), why(false)?.code], [null, "not-permitted"]);
});

Deno.test("isTestable() is false for what cannot migrate, has trouble, or has another driver", () => {
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

/** The subject for a candidate of a host with these devices, and whether it is new. */
function subjectOn(devices: readonly Device[], of: { id?: string; type?: string }, create = false) {
  const snapshot = mttySnapshot({ devices: [...devices] });
  const candidate = listCandidates(snapshot).find(({ configuration }) =>
    of.id === undefined
      ? configuration.kind === "mdev-type" && configuration.type === of.type
      : configuration.id === of.id
  )!;
  const when = { settleMs: 10_000, nowMs: 100_000 };
  const found = subjectFor(snapshot, candidate, { source: mttyIdentity(), create, ...when });
  return found && [Object.values(found.subject.target)[0], found.settling?.id ?? null];
}

Deno.test("subjectFor() takes an older device of the class in place of a new one", () => {
  const old = mttyDevice({ id: "old", since: 1_000 });
  const young = mttyDevice({ id: "young", since: 99_000 });
  const other = mttyDevice({ id: "other", type: "mtty-1", since: 1_000 });
  for (const devices of [[young, old, other], [old, other, young]]) {
    assertEquals(subjectOn(devices, { id: "young" }), ["old", null]);
    assertEquals(subjectOn(devices, { id: "old" }), ["old", null]);
    assertEquals(subjectOn(devices, { type: "mtty-2" }), ["old", null]);
  }
});

Deno.test("subjectFor() is settling if all free devices are new and no mdev may be created", () => {
  const young = mttyDevice({ id: "young", since: 99_000 });
  const held = mttyDevice({ id: "held", since: 1_000, use: { state: "in-use", holder: null } });
  for (const  of of[{ id: "young" }, { type: "mtty-2" }]) {
    assertEquals(subjectOn([young, held], of), ["young", "young"]);
  }
  assertEquals(subjectOn([young, held], { type: "mtty-2" }, true), ["mtty-2", null]);
  assertEquals(subjectOn([held], { type: "mtty-2" }), ["mtty-2", null]);
});
