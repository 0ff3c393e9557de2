import { assertEquals } from "@std/assert";
import { plantEmptyHost, plantRefusal } from "../../../tests/fixtures/planted_host.ts";
import { readHostFacts } from "./host_facts.ts";

/** Names of units, and their kind. */
const HOSTS: readonly (readonly [readonly string[], string])[] = [
  [["dmar0", "dmar1"], "intel"],
  [["ivhd0"], "amd"],
  [["smmu3.0x0000000009050000"], "arm-smmu-v3"],
  [["smmu.0x0000000012c80000"], "arm-smmu"],
  [["s390-iommu.00000010"], "s390"],
  [["riscv-iommu@0000:00:01.0"], "riscv"],
  [["iommu-phb0001"], "spapr"],
  [["smmu.0x01", "smmu3.0x02"], "arm-smmu+arm-smmu-v3"],
  [[], "none"],
];

for (const [units, kind] of HOSTS) {
  Deno.test(`readHostFacts() reads a host with ${units.join(", ") || "no unit"}`, () => {
    using host = plantEmptyHost();
    for (const unit of units) host.sys.directory(`class/iommu/${unit}`);
    assertEquals(readHostFacts(host.roots)["iommu"], kind);
  });
}

Deno.test("readHostFacts() names an IOMMU after its driver if the unit is named after a device", () => {
  using host = plantEmptyHost();
  const device = "devices/pci0000:00/0000:00:01.0/virtio0";
  host.sys.link(`${device}/driver`, "bus/virtio/drivers/virtio_iommu");
  host.sys.link("class/iommu/0000:00:01.0/device", device);
  host.sys.directory("bus/virtio/drivers/virtio_iommu");
  assertEquals(readHostFacts(host.roots)["iommu"], "virtio_iommu");
});

Deno.test("readHostFacts() has a null for groups without units and for an unknown unit", () => {
  using host = plantEmptyHost();
  host.sys.directory("kernel/iommu_groups/3");
  assertEquals(readHostFacts(host.roots)["iommu"], null);
  host.sys.directory("class/iommu/iommu0");
  assertEquals(readHostFacts(host.roots)["iommu"], null);
});

Deno.test("readHostFacts() reports the architecture if the kernel does", () => {
  using host = plantEmptyHost();
  assertEquals(readHostFacts(host.roots)["architecture"], null);
  host.proc.attribute("sys/kernel/arch", "aarch64");
  assertEquals(readHostFacts(host.roots)["architecture"], "aarch64");
});

Deno.test("readHostFacts() keeps other facts when one is refused", () => {
  using host = plantEmptyHost();
  plantRefusal(host.sys, "class/iommu");
  host.proc.attribute("sys/kernel/arch", "x86_64");
  assertEquals(readHostFacts(host.roots), { iommu: null, architecture: "x86_64" });
});
