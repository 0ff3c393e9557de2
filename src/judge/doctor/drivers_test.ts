import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { driverNamed, functionDevice } from "../../../tests/fixtures/doctor_examination.ts";
import {
  driverKnowledge,
  driverOfModule,
  DRIVERS,
  isBoundTo,
  UPSTREAM_VARIANTS,
} from "./drivers.ts";
import { isOlder, parseVersion } from "../rules/mod.ts";

Deno.test("driverKnowledge() finds a driver by its name or its module's name", () => {
  assertEquals(driverKnowledge(driverNamed("xe-vfio-pci"))?.since, "6.19");
  assertEquals(driverKnowledge({ ...driverNamed("GVT-g"), module: "kvmgt" })?.since, "never");
  assertEquals(driverKnowledge({ ...driverNamed("vfio-pci"), module: null })?.since, "never");
  assertEquals(driverKnowledge(driverNamed("c6xxvf_vfio_pci")), null);
});

Deno.test("DRIVERS lists each driver once, with a version, never or vendor, and a remedy", () => {
  const names = DRIVERS.flatMap(({ drivers }) => drivers);
  assertEquals(names.length, new Set(names).size);
  assertEquals(names.filter((name) => name.includes("-")), []);
  for (const { since, remedy } of DRIVERS) {
    assert(["never", "vendor"].includes(since) || parseVersion(since) !== null, since);
    assert(/^[A-Z].*\.$/.test(remedy(functionDevice("x"))), remedy(functionDevice("x")));
  }
});

Deno.test("UPSTREAM_VARIANTS lists no version in which the driver has no migration", () => {
  for (const { module, since, pattern } of UPSTREAM_VARIANTS) {
    const driver = driverKnowledge(driverNamed(module))?.since ?? "";
    assert(!isOlder(since, driver), `${pattern}: ${module} has migration since ${driver}`);
  }
  const sinceOf = (ids: string) =>
    UPSTREAM_VARIANTS.find(({ pattern }) => pattern.includes(ids))?.since;
  assertEquals(sinceOf("v00008086d00004947"), "7.1");
  assertEquals(sinceOf("v00008086d00004949"), "6.17");
  assertEquals(sinceOf("v00001AF4d00001042"), "6.15");
  assertEquals(sinceOf("v00008086d0000E211"), "6.19");
});

Deno.test("driverKnowledge() names the driver of a QAT function's physical function", () => {
  const remedy = (device: string) => {
    const qat = functionDevice("qat_vfio_pci");
    return driverKnowledge(qat.driver!)!.remedy({ ...qat, pci: { ...qat.pci!, device } });
  };
  assertStringIncludes(remedy("4941"), "its driver 4xxx");
  assertStringIncludes(remedy("4947"), "its driver 420xx");
  assertStringIncludes(remedy("4949"), "its driver 6xxx");
});

Deno.test("driverOfModule() and isBoundTo() map a module to its driver", () => {
  assertEquals(driverOfModule("mlx5_vfio_pci"), "mlx5_vfio_pci");
  assertEquals(driverOfModule("xe_vfio_pci"), "xe-vfio-pci");
  assert(isBoundTo({ driver: driverNamed("xe-vfio-pci") }, "xe_vfio_pci"));
  assert(isBoundTo({ driver: { ...driverNamed("xe-vfio-pci"), module: null } }, "xe_vfio_pci"));
  assert(!isBoundTo({ driver: driverNamed("vfio-pci") }, "xe_vfio_pci"));
  assert(!isBoundTo({ driver: null }, "xe_vfio_pci"));
});
