import { assertEquals } from "@std/assert";
import {
  plantDevice,
  type PlantedDevice,
  type PlantedHost,
  plantEmptyHost,
  plantMdevType,
  plantRefusal,
} from "../../tests/fixtures/planted_host.ts";
import { makeMdev, removeMdev, simulateWorld } from "../../tests/fixtures/world.ts";
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
function scannerOf(
  host: Pick<PlantedHost, "roots">,
): (options?: { whole?: boolean; changed?: readonly string[] }) => Promise<HostScan> {
  const scan = makeScanner(host.roots);
  const nowMs = Date.now() + 3_600_000;
  return ({ whole = false, changed } = {}) =>
    scan({
      turns: takeTurns(),
      nowMs,
      whole,
      changed: changed === undefined ? null : new Set(changed),
    });
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

const OTHER: PlantedDevice = {
  ...FUNCTION,
  id: "0000:c1:00.3",
  group: "8",
  groupNode: "8",
  vfioDev: "vfio1",
};
const modaliases = ({ devices }: HostScan) => devices.map(({ modalias }) => modalias);

Deno.test("makeScanner() reads only the devices that changed paths name", async () => {
  using host = plantEmptyHost();
  plantDevice(host, FUNCTION);
  plantDevice(host, OTHER);
  const scan = scannerOf(host);
  await scan();
  host.sys.attribute(`${VF}/modalias`, "pci:after");
  host.sys.attribute(`devices/${OTHER.above}/${OTHER.id}/modalias`, "pci:after");
  assertEquals(modaliases(await scan({ changed: [] })), ["pci:before", "pci:before"]);
  assertEquals(modaliases(await scan({ changed: [`/${VF}`] })), ["pci:after", "pci:before"]);
  const group = "/devices/virtual/vfio/8";
  assertEquals(modaliases(await scan({ changed: [group] })), ["pci:after", "pci:after"]);
});

Deno.test("makeScanner() finds and forgets the devices that changed paths name", async () => {
  using host = plantEmptyHost();
  plantDevice(host, FUNCTION);
  const scan = scannerOf(host);
  const names = ({ devices }: HostScan) => devices.map(({ id }) => id);
  await scan();
  const path = plantDevice(host, OTHER).slice(host.roots.sys.length);
  assertEquals(names(await scan({ changed: [] })), [FUNCTION.id]);
  assertEquals(names(await scan({ changed: [path] })), [FUNCTION.id, OTHER.id]);
  Deno.removeSync(`${host.roots.sys}/class/vfio-dev/vfio1`);
  Deno.removeSync(`${host.roots.sys}${path}/vfio-dev`, { recursive: true });
  assertEquals(names(await scan({ changed: [path] })), [FUNCTION.id]);
  for (const unknown of ["", "/", "/devices", "/../../etc", "/devices/pci0000:c0/nothing"]) {
    assertEquals(names(await scan({ changed: [unknown] })), [FUNCTION.id], unknown);
  }
});

Deno.test("makeScanner() reads a device again that could not be read, with any change", async () => {
  using host = plantEmptyHost();
  plantDevice(host, FUNCTION);
  plantRefusal(host.sys, `${VF}/revision`);
  const scan = scannerOf(host);
  assertEquals((await scan()).problems.map(({ subject }) => subject), [FUNCTION.id]);
  replace(`${host.roots.sys}/${VF}/revision`, () => host.sys.attribute(`${VF}/revision`, "0x01"));
  const { devices, problems } = await scan({ changed: ["/devices/pci0000:00"] });
  assertEquals([devices.length, problems], [1, []]);
});

Deno.test("makeScanner() reads the types of all virtual functions that share a parent's resources", async () => {
  using host = plantEmptyHost();
  const plant = (id: string, physfn: string | null) => {
    const parent = `pci0000:c0/${id}`;
    const attributes = { available_instances: "1" };
    host.sys.directory(`devices/${parent}`);
    if (physfn !== null) host.sys.link(`devices/${parent}/physfn`, `devices/pci0000:c0/${physfn}`);
    host.sys.link(`class/mdev_bus/${id}`, `devices/${parent}`);
    return plantMdevType(host, { parent, type: "t-1", attributes });
  };
  const paths = [
    plant("0000:c1:00.4", "0000:c1:00.0"),
    plant("0000:c1:00.5", "0000:c1:00.0"),
    plant("0000:c2:00.4", "0000:c2:00.0"),
    plant("0000:c3:00.0", null),
  ];
  const scan = scannerOf(host);
  await scan();
  for (const path of paths) host.sys.attribute(`${path}/available_instances`, "0");
  const free = async (...changed: string[]) =>
    (await scan({ changed })).mdevTypes.map(({ availableInstances }) => availableInstances);
  assertEquals(await free("/devices/pci0000:c0/0000:c1:00.5/one"), [0, 0, 1, 1]);
  assertEquals(await free("/devices/pci0000:c0/0000:c3:00.0/one"), [0, 0, 1, 0]);
});

Deno.test("makeScanner() finds the same in a changed part as in a whole scan", async () => {
  await using host = simulateWorld("mixed");
  const { roots } = host.world;
  const scan = scannerOf({ roots });
  await scan();
  const changed = new Set<string>();
  for (let turn = 0; turn < 6; turn++) {
    const id = `0f0e0d0c-0000-4000-8000-00000000000${turn}`;
    if (turn % 3 === 2) removeMdev(host, id.replace(/.$/, `${turn - 1}`));
    else makeMdev(host, "mtty", turn % 2 === 0 ? "mtty-1" : "mtty-2", id);
    changed.add(`/devices/virtual/mtty/mtty/${id}`);
    changed.add(`/devices/virtual/mtty/mtty/${id.replace(/.$/, `${turn - 1}`)}`);
    const { cache: _, ...part } = await scan({ changed: [...changed] });
    const { cache: __, ...whole } = await scannerOf({ roots })();
    assertEquals(part, whole);
  }
});
