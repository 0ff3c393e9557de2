import { assertEquals } from "@std/assert";
import {
  plantDevice,
  plantEmptyHost,
  plantMdevType,
  plantRefusal,
} from "../../../tests/fixtures/planted_host.ts";
import { readMdevTypes } from "../mdev_types.ts";
import { readTypeFacts } from "./read_facts.ts";
import { factsOf, PARENT_FACTS, PF, plantAndRead, plantFunction, plantMdev } from "./testing.ts";

Deno.test("readDeviceFacts() of a plain physical function has none", () => {
  using host = plantEmptyHost();
  const place = { bus: "pci", id: "0000:c1:00.0", above: "pci0000:c0" };
  const planted = plantAndRead(host, { ...place, driver: "vfio-pci" });
  assertEquals(factsOf(host, planted), {});
});

Deno.test("readDeviceFacts() of a plain virtual function has only its parent's ids", () => {
  using host = plantEmptyHost();
  assertEquals(factsOf(host, plantFunction(host, { driver: "vfio-pci" })), PARENT_FACTS);
});

Deno.test("readDeviceFacts() reads a parent once per scan", () => {
  using host = plantEmptyHost();
  const attributes = { "qat/cfg_services": "dc", "qat/num_rps": "64", "qat/state": "up" };
  const planted = plantFunction(host, { driver: "qat_vfio_pci", physical: { attributes } });
  const cache = new Map();
  const facts = factsOf(host, planted, cache);
  Deno.removeSync(`${host.roots.sys}/${PF}`, { recursive: true });
  assertEquals(factsOf(host, planted, cache), facts);
});

Deno.test("readDeviceFacts() keeps other facts when one attribute is refused", () => {
  using host = plantEmptyHost();
  const attributes = { "qat/num_rps": "64", "qat/state": "up" };
  const planted = plantFunction(host, { driver: "qat_vfio_pci", physical: { attributes } });
  plantRefusal(host.sys, `${PF}/qat/cfg_services`);
  const facts = { services: null, numRps: 64, qatState: "up" };
  assertEquals(factsOf(host, planted), { ...PARENT_FACTS, ...facts });
});

Deno.test("readDeviceFacts() of an mdev without a PCI parent has only its type's name", () => {
  using host = plantEmptyHost();
  const type = { type: "mtty-2", name: "Dual port serial", driver: "mtty" };
  const planted = plantMdev(host, { above: "virtual/mtty/mtty", ...type });
  assertEquals(factsOf(host, planted), { typeName: "Dual port serial" });
});

Deno.test("readTypeFacts() of a GVT-g type has the generation of its parent", () => {
  using host = plantEmptyHost();
  const attributes = { vendor: "0x8086", device: "0x5912", revision: "0x04" };
  const parent = plantDevice(host, {
    ...{ bus: "pci", id: "0000:00:02.0", above: "pci0000:00", driver: "i915" },
    attributes: { ...attributes, subsystem_vendor: "0x17aa", subsystem_device: "0x30be" },
  });
  host.sys.link("class/mdev_bus/0000:00:02.0", parent.slice(host.roots.sys.length + 1));
  plantMdevType(host, {
    parent: "pci0000:00/0000:00:02.0",
    type: "i915-GVTg_V5_4",
    attributes: { name: "GVTg_V5_4" },
  });
  const [type] = readMdevTypes(host.roots, "0000:00:02.0");
  assertEquals(readTypeFacts(host.roots, type!), {
    typeName: "GVTg_V5_4",
    parentDevice: "8086:5912",
    parentRevision: "04",
    parentSubsystem: "17aa:30be",
  });
});
