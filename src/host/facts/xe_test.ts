import { assertEquals } from "@std/assert";
import { plantEmptyHost } from "../../../tests/fixtures/planted_host.ts";
import { factsOf, PARENT_FACTS, PF, plantFunction, VF } from "./testing.ts";

for (const driver of ["xe_vfio_pci", "xe-vfio-pci"]) {
  Deno.test(`XE reports the memory assigned to a function of ${driver}`, () => {
    using host = plantEmptyHost();
    const planted = plantFunction(host, { driver });
    host.sys.attribute(`${PF}/sriov_admin/pf/profile/vram_quota`, "1");
    host.sys.attribute(`${PF}/sriov_admin/vf1/profile/vram_quota`, "8589934592");
    host.sys.link(`${PF}/sriov_admin/vf1/device`, VF);
    assertEquals(factsOf(host, planted), { ...PARENT_FACTS, vramQuotaBytes: 8589934592 });
  });
}

Deno.test("XE has null if the kernel has no administration folder", () => {
  using host = plantEmptyHost();
  const planted = plantFunction(host, { driver: "xe_vfio_pci" });
  assertEquals(factsOf(host, planted), { ...PARENT_FACTS, vramQuotaBytes: null });
});
