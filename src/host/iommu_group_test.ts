import { assertEquals } from "@std/assert";
import { plantDevice, plantEmptyHost } from "../../tests/fixtures/planted_host.ts";
import { readIommuGroup } from "./iommu_group.ts";

Deno.test("readIommuGroup() returns number, name and domain type", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { bus: "mdev", id: "m", above: "virtual/mtty", group: "12" });
  host.sys.attribute("kernel/iommu_groups/12/name", "vfio-noiommu");
  host.sys.attribute("kernel/iommu_groups/12/type", "unknown");
  const group = { id: "12", name: "vfio-noiommu", type: "unknown" };
  assertEquals(readIommuGroup(host.roots, device), group);
});

Deno.test("readIommuGroup() works if the kernel reports neither name nor type", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { bus: "pci", id: "d", above: "pci0000:00", group: "3" });
  assertEquals(readIommuGroup(host.roots, device), { id: "3", name: null, type: null });
});

Deno.test("readIommuGroup() is null for a device without a group", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { bus: "pci", id: "d", above: "pci0000:00" });
  assertEquals(readIommuGroup(host.roots, device), null);
});
