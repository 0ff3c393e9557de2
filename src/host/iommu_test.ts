import { assertEquals } from "@std/assert";
import { plantDevice, plantEmptyHost } from "../../tests/fixtures/planted_host.ts";
import { readGroupMembers, readIommu } from "./iommu.ts";

Deno.test("readIommu() of a host without an IOMMU has neither units nor groups", () => {
  using host = plantEmptyHost();
  assertEquals(readIommu(host.roots), { units: [], groups: false });
});

Deno.test("readIommu() names the units and ignores groups that VFIO created", () => {
  using host = plantEmptyHost();
  host.sys.attribute("kernel/iommu_groups/0/name", "vfio-noiommu");
  assertEquals(readIommu(host.roots), { units: [], groups: false });
  host.sys.attribute("kernel/iommu_groups/1/type", "DMA-FQ");
  host.sys.directory("class/iommu/dmar0");
  assertEquals(readIommu(host.roots), { units: ["dmar0"], groups: true });
});

Deno.test("readGroupMembers() names the members of a group and their drivers", () => {
  using host = plantEmptyHost();
  const place = { bus: "pci", above: "pci0000:00", group: "25" };
  plantDevice(host, { ...place, id: "0000:06:00.1", driver: "snd_hda_intel" });
  plantDevice(host, { ...place, id: "0000:06:00.0" });
  assertEquals(readGroupMembers(host.roots, "25"), [
    { id: "0000:06:00.0", driver: null },
    { id: "0000:06:00.1", driver: "snd_hda_intel" },
  ]);
  assertEquals(readGroupMembers(host.roots, "26"), []);
});
