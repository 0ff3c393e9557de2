import { assertEquals } from "@std/assert";
import {
  plantDevice,
  type PlantedDevice,
  type PlantedHost,
  plantEmptyHost,
  plantMdevType,
  plantRefusal,
} from "../../tests/fixtures/planted_host.ts";
import { takeTurns } from "../host/mod.ts";
import { type HostScan, makeScanner } from "./scan_host.ts";

const PF = "devices/pci0000:c0/0000:c1:00.0";
const VF = "devices/pci0000:c0/0000:c1:00.2";
const FUNCTION: PlantedDevice = {
  bus: "pci",
  id: "0000:c1:00.2",
  above: "pci0000:c0",
  driver: "vfio-pci",
  group: "7",
  groupNode: "7",
  vfioDev: "vfio0",
  attributes: { modalias: "pci:before", vendor: "0x15b3" },
};

/** A scanner of a host whose devices are old. */
function scannerOf(host: PlantedHost): (options?: { whole?: boolean }) => Promise<HostScan> {
  const scan = makeScanner(host.roots);
  const nowMs = Date.now() + 3_600_000;
  return ({ whole = false } = {}) => scan({ turns: takeTurns(), nowMs, whole });
}

/** Replaces a link or a file by one with another inode. */
function replace(path: string, plant: () => void): void {
  Deno.renameSync(path, `${path}.old`);
  plant();
  Deno.removeSync(`${path}.old`, { recursive: true });
}

const modalias = ({ devices: [device] }: HostScan) => device?.modalias;

Deno.test("makeScanner() keeps what it read about a bound device, unless it must read everything", async () => {
  using host = plantEmptyHost();
  plantDevice(host, FUNCTION);
  const scan = scannerOf(host);
  const first = await scan();
  host.sys.attribute(`${VF}/modalias`, "pci:after");
  const second = await scan();
  assertEquals(second.devices, first.devices);
  assertEquals(modalias(await scan({ whole: true })), "pci:after");
});

Deno.test("makeScanner() reads a device again that was bound again", async () => {
  using host = plantEmptyHost();
  plantDevice(host, FUNCTION);
  const scan = scannerOf(host);
  await scan();
  host.sys.attribute(`${VF}/modalias`, "pci:after");
  host.sys.directory("bus/pci/drivers/mlx5_vfio_pci");
  replace(
    `${host.roots.sys}/${VF}/driver`,
    () => host.sys.link(`${VF}/driver`, "bus/pci/drivers/mlx5_vfio_pci"),
  );
  const { devices: [device] } = await scan();
  assertEquals([device?.driver?.name, device?.modalias], ["mlx5_vfio_pci", "pci:after"]);
});

Deno.test("makeScanner() reads a device again whose node appeared or disappeared", async () => {
  using host = plantEmptyHost();
  plantDevice(host, FUNCTION);
  const scan = scannerOf(host);
  const nodes = async () =>
    (await scan()).devices.map(({ nodes: { cdev, group } }) => [cdev, group]);
  assertEquals(await nodes(), [[null, "/dev/vfio/7"]]);
  host.dev.bytes("vfio/devices/vfio0", new Uint8Array());
  assertEquals(await nodes(), [["/dev/vfio/devices/vfio0", "/dev/vfio/7"]]);
  Deno.removeSync(`${host.roots.dev}/vfio/7`);
  assertEquals(await nodes(), [["/dev/vfio/devices/vfio0", null]]);
});

Deno.test("makeScanner() keeps nothing about a device whose node is new", async () => {
  using host = plantEmptyHost();
  plantDevice(host, FUNCTION);
  const scan = makeScanner(host.roots);
  const now = async () => modalias(await scan({ turns: takeTurns(), nowMs: Date.now() }));
  assertEquals(await now(), "pci:before");
  host.sys.attribute(`${VF}/modalias`, "pci:after");
  assertEquals(await now(), "pci:after");
});

Deno.test("makeScanner() finds another device under a vfio-dev name that is used again", async () => {
  using host = plantEmptyHost();
  plantDevice(host, FUNCTION);
  const scan = scannerOf(host);
  await scan();
  Deno.removeSync(`${host.roots.sys}/class/vfio-dev/vfio0`);
  plantDevice(host, { ...FUNCTION, id: "0000:c1:00.3", group: "8", groupNode: "8" });
  assertEquals((await scan()).devices.map(({ id }) => id), ["0000:c1:00.3"]);
});

Deno.test("makeScanner() reads each time how many instances a type has left", async () => {
  using host = plantEmptyHost();
  const type = plantMdevType(host, {
    parent: "virtual/mtty",
    type: "mtty-2",
    attributes: { available_instances: "2" },
  });
  host.sys.link("class/mdev_bus/mtty", "devices/virtual/mtty");
  const scan = scannerOf(host);
  const left = async () => (await scan()).mdevTypes.map((type) => type.availableInstances);
  assertEquals(await left(), [2]);
  host.sys.attribute(`${type}/available_instances`, "0");
  assertEquals(await left(), [0]);
});

Deno.test("makeScanner() reads each time the driver and the firmware of a physical function", async () => {
  using host = plantEmptyHost();
  const parent = { bus: "pci", id: "0000:c1:00.0", above: "pci0000:c0", driver: "mlx5_core" };
  plantDevice(host, { ...parent, attributes: { vendor: "0x15b3" } });
  host.sys.attribute(`${PF}/infiniband/mlx5_0/fw_ver`, "22.39.1002");
  plantDevice(host, FUNCTION);
  host.sys.link(`${VF}/physfn`, PF);
  const scan = scannerOf(host);
  const said = async () =>
    (await scan()).devices.map(({ parentDriver, facts }) => [
      parentDriver?.name,
      facts["firmware"],
    ]);
  assertEquals(await said(), [["mlx5_core", "22.39.1002"]]);
  Deno.removeSync(`${host.roots.sys}/${PF}/driver`);
  host.sys.attribute(`${PF}/infiniband/mlx5_0/fw_ver`, "22.41.1000");
  assertEquals(await said(), [[undefined, "22.41.1000"]]);
});

Deno.test("makeScanner() reads each time the virtual functions of a function", async () => {
  using host = plantEmptyHost();
  plantDevice(host, { ...FUNCTION, attributes: { sriov_totalvfs: "2" } });
  const scan = scannerOf(host);
  const functions = async () => (await scan()).devices.map(({ pci }) => pci?.virtualFunctions);
  assertEquals(await functions(), [[]]);
  host.sys.link(`${VF}/virtfn0`, "devices/pci0000:c0/0000:c1:00.4");
  assertEquals(await functions(), [["0000:c1:00.4"]]);
});

Deno.test("makeScanner() reads each time the vGPU type of a function", async () => {
  using host = plantEmptyHost();
  const current = `${VF}/nvidia/current_vgpu_type`;
  plantDevice(host, { ...FUNCTION, driver: "nvidia" });
  host.sys.attribute(current, "1148");
  const scan = scannerOf(host);
  const types = async () => (await scan()).devices.map(({ vgpu }) => vgpu?.current);
  assertEquals(await types(), [1148]);
  host.sys.attribute(current, "0");
  assertEquals(await types(), [null]);
});

Deno.test("makeScanner() reads each time the version attribute of a device", async () => {
  using host = plantEmptyHost();
  plantDevice(host, FUNCTION);
  host.sys.attribute(`${VF}/migration_version`, "one");
  const scan = scannerOf(host);
  const versions = async () => (await scan()).devices.map(({ version }) => version?.version);
  assertEquals(await versions(), ["one\n"]);
  host.sys.attribute(`${VF}/migration_version`, "two");
  assertEquals(await versions(), ["two\n"]);
});

Deno.test("makeScanner() reports an unreadable attribute as a problem until it is readable", async () => {
  using host = plantEmptyHost();
  plantDevice(host, { ...FUNCTION, attributes: {} });
  plantRefusal(host.sys, `${VF}/modalias`);
  const scan = scannerOf(host);
  const subjects = async () => {
    const { devices, problems } = await scan();
    return [devices.length, problems.map(({ subject }) => subject)];
  };
  assertEquals(await subjects(), [0, [FUNCTION.id]]);
  assertEquals(await subjects(), [0, [FUNCTION.id]]);
  Deno.removeSync(`${host.roots.sys}/${VF}/modalias`);
  assertEquals(await subjects(), [1, []]);
});
