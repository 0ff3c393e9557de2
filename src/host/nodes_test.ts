import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import {
  plantDevice,
  type PlantedHost,
  plantEmptyHost,
} from "../../tests/fixtures/planted_host.ts";
import { isNoIommuNode, readNodes } from "./nodes.ts";

const DEVICE = { bus: "pci", id: "0000:41:00.1", above: "pci0000:40", group: "12" };

function setAge(host: PlantedHost, node: string, ms: number): void {
  Deno.utimeSync(join(host.roots.dev, node), new Date(ms), new Date(ms));
}

Deno.test("readNodes() names cdev and group as in /dev, and the age of the newer", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { ...DEVICE, groupNode: "12", vfioDev: "vfio3", cdev: true });
  setAge(host, "vfio/12", 1_000_000);
  setAge(host, "vfio/devices/vfio3", 2_000_000);
  const nodes = { cdev: "/dev/vfio/devices/vfio3", group: "/dev/vfio/12", since: 2_000_000 };
  assertEquals(readNodes(host.roots, device, "12"), nodes);
});

Deno.test("readNodes() has no cdev if the kernel creates no node", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { ...DEVICE, groupNode: "12", vfioDev: "vfio3" });
  setAge(host, "vfio/12", 1_000_000);
  const nodes = { cdev: null, group: "/dev/vfio/12", since: 1_000_000 };
  assertEquals(readNodes(host.roots, device, "12"), nodes);
});

Deno.test("readNodes() finds the node of a no-IOMMU group", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { ...DEVICE, groupNode: "noiommu-12", vfioDev: "vfio3" });
  const { group } = readNodes(host.roots, device, "12");
  assertEquals(group, "/dev/vfio/noiommu-12");
  assertEquals([isNoIommuNode(group!), isNoIommuNode("/dev/vfio/12")], [true, false]);
});

Deno.test("readNodes() of a device without nodes has no age", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, DEVICE);
  const nothing = { cdev: null, group: null, since: null };
  assertEquals(readNodes(host.roots, device, "12"), nothing);
  assertEquals(readNodes(host.roots, device, null), nothing);
});
