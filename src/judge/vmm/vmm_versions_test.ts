import { assert, assertEquals } from "@std/assert";
import { mttyDevice } from "../../../tests/fixtures/snapshot.ts";
import { driverNamed } from "../../../tests/fixtures/doctor_examination.ts";
import type { Device } from "../../documents/mod.ts";
import { unmetConditions, VMM_CONDITIONS } from "./vmm_versions.ts";

const codes = (qemu: string | null, libvirt: string | null, device: Device = mttyDevice()) =>
  unmetConditions({ qemu, libvirt }, device).map(({ code }) => code);
const v1 = mttyDevice({ migration: { ...mttyDevice().migration, uapi: "v1" } });
const byIommu = mttyDevice({
  migration: { ...mttyDevice().migration, dirtyTracking: "iommu" },
});
const mlx5 = mttyDevice({ kind: "pci", driver: driverNamed("mlx5_vfio_pci") });

Deno.test("unmetConditions() of unknown or recent programs is empty", () => {
  for (const device of [mttyDevice(), byIommu, mlx5]) {
    assertEquals(codes(null, null, device), []);
    assertEquals(codes("9.1.0", "12.1.0", device), []);
  }
});

Deno.test("unmetConditions() follows the history of QEMU for migration v2", () => {
  assertEquals(codes("7.2.15", null), ["QemuWithoutV2"]);
  assertEquals(codes("8.0.5", null), ["QemuMigrationExperimental", "QemuMigratesOneDevice"]);
  assertEquals(codes("8.1.3", null), ["QemuMigratesOneDevice"]);
  assertEquals(codes("8.2.2", null), []);
  assertEquals(codes("8.2.2", null, byIommu), ["QemuWithoutIommuDirtyTracking"]);
});

Deno.test("unmetConditions() follows the history of QEMU for migration v1", () => {
  assertEquals(codes("5.1.0", null, v1), ["QemuWithoutV1"]);
  assertEquals(codes("7.2.15", null, v1), ["QemuMigrationExperimental"]);
  assertEquals(codes("8.0.0", null, v1), ["QemuWithoutV1"]);
});

Deno.test("unmetConditions() follows the history of libvirt", () => {
  assertEquals(codes(null, "3.1.0"), ["LibvirtWithoutMdev", "LibvirtRefusesHostDevices"]);
  assertEquals(codes(null, "8.5.0"), ["LibvirtRefusesHostDevices"]);
  assertEquals(codes(null, "9.6.0"), []);
  assertEquals(codes(null, "9.6.0", mlx5), ["LibvirtWithoutVariantDrivers"]);
  assertEquals(codes(null, "9.10.0", mlx5), ["LibvirtBindsVfioPci"]);
  assertEquals(codes(null, "10.0.0", mlx5), []);
  assertEquals(codes(null, "10.0.0", byIommu), ["LibvirtWithoutIommufd"]);
});

Deno.test("unmetConditions() of a vGPU that changes its kind depends on libvirt", () => {
  const from = (kind: Device["kind"], libvirt: string) =>
    unmetConditions({ qemu: null, libvirt }, mttyDevice(), { kind }).map(({ code }) => code);
  assertEquals(from("pci", "10.10.0"), ["LibvirtKeepsVgpuKind"]);
  assertEquals(from("pci", "11.0.0"), []);
  assertEquals(from("mdev", "10.10.0"), []);
});

Deno.test("VMM_CONDITIONS has remedies of one sentence", () => {
  for (const { remedy, sentence } of VMM_CONDITIONS) {
    assert(/^[A-Z].*\.$/.test(remedy), remedy);
    assert(/^[a-z]/.test(sentence), sentence);
  }
});
