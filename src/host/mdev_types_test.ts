import { assertEquals, assertObjectMatch } from "@std/assert";
import {
  plantDevice,
  type PlantedHost,
  plantEmptyHost,
  plantMdevType,
} from "../../tests/fixtures/planted_host.ts";
import { listMdevParents, readMdevTypeName, readMdevTypes } from "./mdev_types.ts";

const MTTY = {
  name: "Dual port serial",
  device_api: "vfio-pci",
  available_instances: "11",
};
const PARENT = "virtual/mtty/mtty";

/** The kernel's sample: a parent on a virtual bus, without a driver. */
function plantMtty(host: PlantedHost, mdevs: readonly string[] = []): void {
  for (const id of mdevs) {
    plantDevice(host, { bus: "mdev", id, above: PARENT, driver: "mtty", module: "mtty" });
  }
  plantMdevType(host, { parent: PARENT, type: "mtty-2", attributes: MTTY, mdevs });
  host.sys.link("class/mdev_bus/mtty", `devices/${PARENT}`);
}

Deno.test("readMdevTypes() reads a type without a description or mdevs", () => {
  using host = plantEmptyHost();
  plantMtty(host);
  assertEquals(listMdevParents(host.roots), ["mtty"]);
  const types = readMdevTypes(host.roots, "mtty");
  assertEquals(types.length, 1);
  assertObjectMatch(types[0]!, {
    type: "mtty-2",
    parent: "mtty",
    path: `${host.roots.sys}/class/mdev_bus/mtty/mdev_supported_types/mtty-2`,
    name: "Dual port serial",
    description: null,
    deviceApi: "vfio-pci",
    driver: null,
    parentDriver: null,
    availableInstances: 11,
    instances: [],
    numaNode: null,
  });
});

Deno.test("readMdevTypes() distinguishes the mdevs' driver from the parent's", () => {
  using host = plantEmptyHost();
  const id = "3a6f0d52-8c1e-4b7a-9f25-61d0e4c7a101";
  const card = { bus: "pci", id: "0000:3b:00.0", above: "pci0000:3a", driver: "nvidia" };
  plantDevice(host, { ...card, attributes: { numa_node: "1" } });
  const parent = "pci0000:3a/0000:3b:00.0";
  plantDevice(host, { bus: "mdev", id, above: parent, driver: "nvidia-vgpu-vfio" });
  const attributes = { ...MTTY, description: "num_heads=4\nframebuffer=4096M" };
  plantMdevType(host, { parent, type: "nvidia-232", attributes, mdevs: [id] });
  plantMdevType(host, { parent, type: "nvidia-233", attributes });
  host.sys.link("class/mdev_bus/0000:3b:00.0", `devices/${parent}`);
  const [made, other] = readMdevTypes(host.roots, "0000:3b:00.0");
  assertEquals([made?.driver?.name, made?.instances], ["nvidia-vgpu-vfio", [id]]);
  assertEquals([other?.driver, other?.instances], [null, []]);
  assertEquals([made?.parentDriver?.name, other?.parentDriver?.name], ["nvidia", "nvidia"]);
  assertEquals([made?.numaNode, made?.description], [1, "num_heads=4\nframebuffer=4096M"]);
});

Deno.test("readMdevTypes() uses the module in the type's name if the parent has no driver", () => {
  using host = plantEmptyHost();
  plantMtty(host);
  host.sys.attribute("module/mtty/srcversion", "B7D1C2E3F4A5968778695A4");
  const driver = {
    name: "mtty",
    module: "mtty",
    version: null,
    srcversion: "B7D1C2E3F4A5968778695A4",
  };
  const { load, ...found } = readMdevTypes(host.roots, "mtty")[0]!.parentDriver!;
  assertEquals([found, typeof load], [driver, "string"]);
});

Deno.test("readMdevTypes() has no count of free instances if the kernel reports none", () => {
  using host = plantEmptyHost();
  plantMtty(host);
  host.sys.attribute(
    `devices/${PARENT}/mdev_supported_types/mtty-2/available_instances`,
    "unlimited",
  );
  assertEquals(readMdevTypes(host.roots, "mtty")[0]?.availableInstances, null);
});

Deno.test("readMdevTypeName() follows an mdev to its type; other devices have none", () => {
  using host = plantEmptyHost();
  const id = "83b8f4f2-509f-4c1a-9b0e-6d2c7a41e0a1";
  plantMtty(host, [id]);
  assertEquals(readMdevTypeName(`${host.roots.sys}/devices/${PARENT}/${id}`), "mtty-2");
  assertEquals(readMdevTypeName(`${host.roots.sys}/devices/${PARENT}`), null);
});

Deno.test("listMdevParents() of a host without mdevs is empty", () => {
  using host = plantEmptyHost();
  assertEquals(listMdevParents(host.roots), []);
});
