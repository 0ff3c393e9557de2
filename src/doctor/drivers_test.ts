import { assert, assertEquals } from "@std/assert";
import { driverNamed, functionDevice } from "../../tests/fixtures/doctor_examination.ts";
import {
  driverKnowledge,
  driverOfModule,
  DRIVERS,
  isBoundTo,
  UPSTREAM_VARIANTS,
} from "./drivers.ts";
import { isInRange } from "../rules/mod.ts";

Deno.test("driverKnowledge() knows a driver by its name or its module's", () => {
  assertEquals(driverKnowledge(driverNamed("xe-vfio-pci"))?.since, "6.19");
  assertEquals(driverKnowledge({ ...driverNamed("GVT-g"), module: "kvmgt" })?.since, "never");
  assertEquals(driverKnowledge({ ...driverNamed("vfio-pci"), module: null })?.since, "never");
  assertEquals(driverKnowledge(driverNamed("c6xxvf_vfio_pci")), null);
});

Deno.test("DRIVERS name each driver once, with a version or a word, and a remedy", () => {
  const names = DRIVERS.flatMap(({ drivers }) => drivers);
  assertEquals(names.length, new Set(names).size);
  assertEquals(names.filter((name) => name.includes("-")), []);
  for (const { since, remedy } of DRIVERS) {
    assert(["never", "vendor"].includes(since) || isInRange(since, []) !== null, since);
    assert(/^[A-Z].*\.$/.test(remedy(functionDevice("x"))), remedy(functionDevice("x")));
  }
});

Deno.test("UPSTREAM_VARIANTS are drivers that got migration in some version", () => {
  for (const { module } of UPSTREAM_VARIANTS) {
    const since = driverKnowledge(driverNamed(module))?.since ?? "";
    assert(isInRange(since, []) !== null, module);
  }
});

Deno.test("driverOfModule() names the driver, isBoundTo() knows it again", () => {
  assertEquals(driverOfModule("mlx5_vfio_pci"), "mlx5_vfio_pci");
  assertEquals(driverOfModule("xe_vfio_pci"), "xe-vfio-pci");
  assert(isBoundTo({ driver: driverNamed("xe-vfio-pci") }, "xe_vfio_pci"));
  assert(isBoundTo({ driver: { ...driverNamed("xe-vfio-pci"), module: null } }, "xe_vfio_pci"));
  assert(!isBoundTo({ driver: driverNamed("vfio-pci") }, "xe_vfio_pci"));
  assert(!isBoundTo({ driver: null }, "xe_vfio_pci"));
});
