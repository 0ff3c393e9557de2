import { assertEquals } from "@std/assert";
import { compareText } from "../documents/mod.ts";
import {
  plantDevice,
  type PlantedDevice,
  type PlantedHost,
  plantEmptyHost,
} from "../../tests/fixtures/planted_host.ts";
import { isThere, listVfioDevices } from "./vfio_devices.ts";

/** One VFIO device on every bus, with a real driver and place in the kernel's tree. */
const EVERY_BUS: readonly PlantedDevice[] = [
  { bus: "amba", id: "7ffc0000.dma", above: "platform/amba", driver: "vfio-amba" },
  { bus: "ap", id: "00.0004", above: "ap/card00", driver: "vfio_ap" },
  { bus: "ccw", id: "0.0.1234", above: "css0/0.0.0042", driver: "vfio_ccw" },
  { bus: "cdx", id: "cdx-00:00", above: "platform/cdx-bus@0/cdx-00", driver: "vfio-cdx" },
  { bus: "fsl-mc", id: "dpni.1", above: "platform/bus/fsl-mc/dprc.2", driver: "vfio-fsl-mc" },
  { bus: "mdev", id: "83b8f4f2-509f-4c1a", above: "virtual/mtty/mtty", driver: "vfio_mtty" },
  { bus: "pci", id: "0000:3b:00.0", above: "pci0000:3a/0000:3a:00.0", driver: "vfio-pci" },
  { bus: "pci", id: "0000:c1:00.2", above: "pci0000:c0/0000:c0:01.1", driver: "mlx5_vfio_pci" },
  { bus: "platform", id: "AMDI8001:00", above: "platform", driver: "vfio-platform" },
];

function plantAll(host: PlantedHost, change: (index: number) => Partial<PlantedDevice>) {
  EVERY_BUS.forEach((device, index) => plantDevice(host, { ...device, ...change(index) }));
}

/** The devices found, with directories relative to the root. */
function found(host: PlantedHost): string[] {
  return listVfioDevices(host.roots).map(({ kind, path }) => {
    const below = path.slice(host.roots.sys.length + "/devices/".length);
    return `${kind} ${below}`;
  });
}

const ALL = EVERY_BUS.map(({ bus, above, id }) => ({ line: `${bus} ${above}/${id}`, id }))
  .toSorted((a, b) => compareText(a.id, b.id)).map(({ line }) => line);

Deno.test("listVfioDevices() finds devices on every bus through the class vfio-dev", () => {
  using host = plantEmptyHost();
  plantAll(host, (index) => ({ vfioDev: `vfio${index}` }));
  assertEquals(found(host), ALL);
});

Deno.test("listVfioDevices() finds devices on every bus without that class, by driver", () => {
  using host = plantEmptyHost();
  plantAll(host, (index) => ({ group: String(index), groupNode: String(index) }));
  assertEquals(found(host), ALL);
});

Deno.test("listVfioDevices() without the class finds a vendor's driver by its group's node", () => {
  using host = plantEmptyHost();
  const device = { bus: "pci", id: "0000:3b:00.4", above: "pci0000:3a", group: "7" };
  plantDevice(host, { ...device, driver: "nvidia", groupNode: "7" });
  plantDevice(host, { ...device, id: "0000:3c:00.0", driver: "nvidia", group: "8" });
  assertEquals(found(host), ["pci pci0000:3a/0000:3b:00.4"]);
});

Deno.test("listVfioDevices() without the class skips a bridge in a device's group", () => {
  using host = plantEmptyHost();
  const group = { bus: "pci", group: "7" };
  const bridge = { ...group, id: "0000:3a:00.0", above: "pci0000:3a" };
  plantDevice(host, { ...bridge, driver: "pcieport" });
  plantDevice(host, {
    ...group,
    id: "0000:3b:00.0",
    above: "pci0000:3a/0000:3a:00.0",
    driver: "vfio-pci",
    groupNode: "7",
  });
  assertEquals(found(host), ["pci pci0000:3a/0000:3a:00.0/0000:3b:00.0"]);
});

Deno.test("listVfioDevices() skips devices without a driver or with a non-VFIO driver", () => {
  using host = plantEmptyHost();
  plantDevice(host, { bus: "pci", id: "0000:01:00.0", above: "pci0000:00" });
  plantDevice(host, { bus: "pci", id: "0000:02:00.0", above: "pci0000:00", driver: "nvme" });
  plantDevice(host, { bus: "mdev", id: "m", above: "virtual/mtty/mtty" });
  assertEquals(found(host), []);
});

Deno.test("listVfioDevices() without the class finds an mdev with any driver name", () => {
  using host = plantEmptyHost();
  plantDevice(host, { bus: "mdev", id: "m", above: "pci0000:3a/gpu", driver: "i915_mdev" });
  assertEquals(found(host), ["mdev pci0000:3a/gpu/m"]);
});

Deno.test("listVfioDevices() skips a class entry that leads nowhere", () => {
  using host = plantEmptyHost();
  const device = { bus: "pci", id: "0000:3b:00.0", above: "pci0000:3a", driver: "vfio-pci" };
  plantDevice(host, { ...device, vfioDev: "vfio0" });
  host.sys.link("class/vfio-dev/vfio1", "devices/pci0000:3a/gone/vfio-dev/vfio1");
  assertEquals(found(host), ["pci pci0000:3a/0000:3b:00.0"]);
});

Deno.test("listVfioDevices() of a host without VFIO is empty", () => {
  using host = plantEmptyHost();
  assertEquals(found(host), []);
});

Deno.test("isThere() finds a device by its name, and nothing by a name that no file can have", () => {
  using host = plantEmptyHost();
  plantAll(host, () => ({}));
  assertEquals(EVERY_BUS.map(({ id }) => isThere(host.roots, id)), EVERY_BUS.map(() => true));
  const others = ["", ".", "..", "../devices", "a/b", "\0", "x", "x".repeat(256), "é".repeat(128)];
  assertEquals(others.filter((name) => isThere(host.roots, name)), []);
});
