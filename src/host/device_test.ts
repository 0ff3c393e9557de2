import { assertEquals, assertThrows } from "@std/assert";
import {
  plantDevice,
  type PlantedDevice,
  type PlantedHost,
  plantEmptyHost,
  plantMdevType,
} from "../../tests/fixtures/planted_host.ts";
import { type DeviceKind, Failure } from "../documents/mod.ts";
import { kernelPath, readDevice, type SysfsDevice } from "./device.ts";

const IDS = {
  vendor: "0x15b3",
  device: "0x101e",
  subsystem_vendor: "0x15b3",
  subsystem_device: "0x0058",
  revision: "0x00",
  class: "0x020000",
};
const MODALIAS = "pci:v000015B3d0000101Esv000015B3sd00000058bc02sc00i00";
const FUNCTION = { bus: "pci", id: "0000:c1:00.2", above: "pci0000:c0", driver: "vfio-pci" };

function read(host: PlantedHost, device: PlantedDevice): SysfsDevice {
  const path = plantDevice(host, device);
  return readDevice(host.roots, { kind: device.bus as DeviceKind, path });
}

Deno.test("readDevice() reads a physical function", () => {
  using host = plantEmptyHost();
  const attributes = { ...IDS, modalias: MODALIAS, numa_node: "1" };
  const group = { group: "44", groupNode: "44" };
  const device = read(host, { ...FUNCTION, ...group, attributes });
  assertEquals(device.id, "0000:c1:00.2");
  assertEquals(device.sysfs, "/sys/devices/pci0000:c0/0000:c1:00.2");
  assertEquals(device.type, `vfio-pci:${MODALIAS}`);
  assertEquals(device.description, "vfio-pci: physical function 15b3:101e");
  assertEquals([device.deviceApi, device.parent, device.numaNode], ["vfio-pci", null, 1]);
  assertEquals([device.iommuGroup?.id, device.nodes.group], ["44", "/dev/vfio/44"]);
});

Deno.test("readDevice() names the physical function as the parent of a virtual function", () => {
  using host = plantEmptyHost();
  plantDevice(host, { ...FUNCTION, id: "0000:c1:00.0", driver: "mlx5_core", attributes: IDS });
  host.sys.link(
    "devices/pci0000:c0/0000:c1:00.2/physfn",
    "devices/pci0000:c0/0000:c1:00.0",
  );
  const device = read(host, { ...FUNCTION, driver: "mlx5_vfio_pci", attributes: IDS });
  assertEquals(device.parent, "0000:c1:00.0");
  assertEquals(
    device.description,
    "mlx5_vfio_pci: virtual function 15b3:101e of 0000:c1:00.0",
  );
});

Deno.test("readDevice() gives a function that was assigned a vGPU type that type", () => {
  using host = plantEmptyHost();
  const attributes = { ...IDS, modalias: MODALIAS, "nvidia/current_vgpu_type": "1152" };
  assertEquals(read(host, { ...FUNCTION, driver: "nvidia", attributes }).type, "nvidia-1152");
});

Deno.test("readDevice() gives a function without a vGPU type its own type", () => {
  using host = plantEmptyHost();
  const attributes = { ...IDS, modalias: MODALIAS, "nvidia/current_vgpu_type": "0" };
  const { type } = read(host, { ...FUNCTION, driver: "nvidia", attributes });
  assertEquals(type, `nvidia:${MODALIAS}`);
});

/** A device on each other bus, its modalias and its device API. */
const OTHER_BUSES: readonly (readonly [PlantedDevice, string | null, string])[] = [
  [
    { bus: "platform", id: "AMDI8001:00", above: "platform", driver: "vfio-platform" },
    "acpi:AMDI8001:",
    "vfio-platform",
  ],
  [
    { bus: "amba", id: "7ffc0000.dma", above: "platform", driver: "vfio-amba" },
    "amba:d00041330",
    "vfio-amba",
  ],
  [
    { bus: "ccw", id: "0.0.1234", above: "css0/0.0.0042", driver: "vfio_ccw" },
    "ccw:t3990mE9dt3390dm0C",
    "vfio-ccw",
  ],
  [{ bus: "ap", id: "00.0004", above: "ap/card00", driver: "vfio_ap" }, null, "vfio-ap"],
  [
    { bus: "fsl-mc", id: "dpni.1", above: "platform/dprc.2", driver: "vfio-fsl-mc" },
    "fsl-mc:v00001957ddpni",
    "vfio-fsl-mc",
  ],
  [
    { bus: "cdx", id: "cdx-00:00", above: "platform/cdx-00", driver: "vfio-cdx" },
    "cdx:v10EEd8084sv10EEsd0000c000000",
    "vfio-cdx",
  ],
];

for (const [device, modalias, api] of OTHER_BUSES) {
  const { bus, driver, id } = device;
  Deno.test(`readDevice() reads a device on ${bus}`, () => {
    using host = plantEmptyHost();
    const attributes: Record<string, string> = modalias === null ? {} : { modalias };
    const found = read(host, { ...device, attributes });
    assertEquals(found.type, `${driver}:${modalias ?? id}`);
    assertEquals(found.description, `${driver}: ${bus} device`);
    assertEquals([found.kind, found.deviceApi, found.pci], [bus, api, null]);
    assertEquals([found.parent, found.iommuGroup, found.numaNode], [null, null, null]);
  });
}

const MDEV = { bus: "mdev", id: "83b8f4f2-509f", above: "virtual/mtty/mtty", driver: "mtty" };

function plantType(host: PlantedHost, attributes: Record<string, string>): void {
  const all = { name: "Dual port serial", device_api: "vfio-pci", ...attributes };
  plantMdevType(host, {
    parent: MDEV.above,
    type: "mtty-2",
    attributes: all,
    mdevs: [MDEV.id],
  });
}

Deno.test("readDevice() gives an mdev its type's name and API, and its parent's NUMA node", () => {
  using host = plantEmptyHost();
  plantType(host, {});
  host.sys.attribute(`devices/${MDEV.above}/numa_node`, "0");
  const device = read(host, MDEV);
  assertEquals([device.type, device.deviceApi], ["mtty-2", "vfio-pci"]);
  assertEquals([device.parent, device.numaNode], ["mtty", 0]);
  assertEquals(device.description, "mtty: Dual port serial");
});

Deno.test("readDevice() puts the description of an mdev type on one line", () => {
  using host = plantEmptyHost();
  plantType(host, { description: "num_heads=4\n framebuffer=4096M\n" });
  const { description } = read(host, MDEV);
  assertEquals(description, "mtty: Dual port serial, num_heads=4, framebuffer=4096M");
});

Deno.test("readDevice() gives an mdev without a version attribute its type's", () => {
  using host = plantEmptyHost();
  plantType(host, { migration_version: "mtty-2 A" });
  const { version } = read(host, MDEV);
  assertEquals([version?.version, version?.errno], ["mtty-2 A\n", null]);
  assertEquals(version?.path.endsWith(`${MDEV.id}/mdev_type/migration_version`), true);
});

Deno.test("readDevice() gives an mdev with a version attribute its own", () => {
  using host = plantEmptyHost();
  plantType(host, { migration_version: "of the type" });
  const device = { ...MDEV, attributes: { migration_version: "of the device" } };
  assertEquals(read(host, device).version?.version, "of the device\n");
});

Deno.test("readDevice() throws if an mdev has no type", () => {
  using host = plantEmptyHost();
  const path = plantDevice(host, MDEV);
  const failure = assertThrows(() => readDevice(host.roots, { kind: "mdev", path }), Failure);
  assertEquals([failure.code, failure.subject], ["not-found", MDEV.id]);
});

Deno.test("readDevice() throws if no driver is bound", () => {
  using host = plantEmptyHost();
  const path = plantDevice(host, { ...FUNCTION, attributes: { modalias: MODALIAS } });
  Deno.removeSync(`${path}/driver`);
  assertThrows(() => readDevice(host.roots, { kind: "pci", path }), Failure, "no driver");
});

Deno.test("readDevice() throws if the kernel refuses an existing attribute", () => {
  using host = plantEmptyHost();
  const path = plantDevice(host, FUNCTION);
  host.sys.directory("devices/pci0000:c0/0000:c1:00.2/modalias");
  assertThrows(() => readDevice(host.roots, { kind: "pci", path }), Failure, "EISDIR");
});

Deno.test("kernelPath() returns a path under /sys for any root", () => {
  using host = plantEmptyHost();
  Deno.symlinkSync("sys", `${host.directory}/link`);
  host.sys.directory("devices/pci0000:c0");
  for (const sys of [host.roots.sys, `${host.directory}/link`]) {
    const path = `${sys}/devices/pci0000:c0`;
    assertEquals(kernelPath({ ...host.roots, sys }, path), "/sys/devices/pci0000:c0");
  }
});
