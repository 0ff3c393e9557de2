import { assertEquals } from "@std/assert";
import { plantEmptyHost, plantRefusal } from "../../../tests/fixtures/planted_host.ts";
import { readHostFacts } from "./host_facts.ts";

/** Units as drivers name them, and the kind that they are together. */
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
  Deno.test(`readHostFacts() of a host with ${units.join(", ") || "no unit"}`, () => {
    using host = plantEmptyHost();
    for (const unit of units) host.sys.directory(`class/iommu/${unit}`);
    assertEquals(readHostFacts(host.roots)["iommu"], kind);
  });
}

Deno.test("readHostFacts() calls an IOMMU that is named after its device by its driver", () => {
  using host = plantEmptyHost();
  const device = "devices/pci0000:00/0000:00:01.0/virtio0";
  host.sys.link(`${device}/driver`, "bus/virtio/drivers/virtio_iommu");
  host.sys.link("class/iommu/0000:00:01.0/device", device);
  host.sys.directory("bus/virtio/drivers/virtio_iommu");
  assertEquals(readHostFacts(host.roots)["iommu"], "virtio_iommu");
});

Deno.test("readHostFacts() cannot name what made groups without units, or an unknown unit", () => {
  using host = plantEmptyHost();
  host.sys.directory("kernel/iommu_groups/3");
  assertEquals(readHostFacts(host.roots)["iommu"], null);
  host.sys.directory("class/iommu/iommu0");
  assertEquals(readHostFacts(host.roots)["iommu"], null);
});

Deno.test("readHostFacts() tells the architecture where the kernel does", () => {
  using host = plantEmptyHost();
  assertEquals(readHostFacts(host.roots)["architecture"], null);
  host.proc.attribute("sys/kernel/arch", "aarch64");
  assertEquals(readHostFacts(host.roots)["architecture"], "aarch64");
});

Deno.test("readHostFacts() lets a refusal hide no other fact", () => {
  using host = plantEmptyHost();
  plantRefusal(host.sys, "class/iommu");
  host.proc.attribute("sys/kernel/arch", "x86_64");
  assertEquals(readHostFacts(host.roots), { iommu: null, architecture: "x86_64" });
});
