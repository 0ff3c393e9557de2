import { assertEquals } from "@std/assert";
import { plantDevice, plantEmptyHost } from "../../tests/fixtures/planted_host.ts";
import { readGroupMembers, readIommu } from "./iommu.ts";

Deno.test("readIommu() of a host without one has neither units nor groups", () => {
  using host = plantEmptyHost();
  assertEquals(readIommu(host.roots), { units: [], groups: false });
});

Deno.test("readIommu() names the units, and takes no group that VFIO made up for one of theirs", () => {
  using host = plantEmptyHost();
  host.sys.attribute("kernel/iommu_groups/0/name", "vfio-noiommu");
  assertEquals(readIommu(host.roots), { units: [], groups: false });
  host.sys.attribute("kernel/iommu_groups/1/type", "DMA-FQ");
  host.sys.directory("class/iommu/dmar0");
  assertEquals(readIommu(host.roots), { units: ["dmar0"], groups: true });
});

Deno.test("readGroupMembers() names who is in a group and what they are bound to", () => {
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
