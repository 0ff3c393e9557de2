import { assert, assertEquals } from "@std/assert";
import {
  plantDevice,
  type PlantedDevice,
  plantEmptyHost,
  plantMdevType,
  plantProcess,
  plantRefusal,
} from "../../tests/fixtures/planted_host.ts";
import { capabilities } from "../../tests/fixtures/capabilities.ts";
import { mttyOutcome } from "../../tests/fixtures/outcome.ts";
import { mttyDevice } from "../../tests/fixtures/snapshot.ts";
import { appendOutcomes, ledgerPath } from "../ledger/mod.ts";
import { makeTree } from "../../tests/fixtures/tree.ts";
import { quietWorld, simulateWorld } from "../../tests/fixtures/world.ts";
import { MIGRATION_UNKNOWN, parseSnapshot } from "../documents/mod.ts";
import { findDevice, readHost } from "../host/mod.ts";
import { journal } from "../state/journal.ts";
import { classKey, classOfDevice, deviceKey } from "../state/device_class.ts";
import { noObservations } from "../state/observations.ts";
import { takeSnapshot } from "./take_snapshot.ts";

const observations = noObservations(null);

function virtualFunction(number: number): PlantedDevice {
  return {
    bus: "pci",
    id: `0000:c1:00.${number}`,
    above: "pci0000:c0",
    driver: "vfio-pci",
    group: `${number}`,
    groupNode: `${number}`,
    vfioDev: `vfio${number}`,
    attributes: { modalias: "pci:v000015B3d0000101E" },
  };
}

for (const name of ["gpu-host", "nic-host", "mixed"]) {
  Deno.test(`takeSnapshot() of the simulated ${name} is a document of its schema`, async () => {
    using host = simulateWorld(name);
    const snapshot = await takeSnapshot(host.world, { observations });
    assertEquals(parseSnapshot(JSON.parse(JSON.stringify(snapshot))) as unknown, snapshot);
    assertEquals([snapshot.snapshot, snapshot.host.name], [1, host.scenario.host.name]);
  });
}

Deno.test("takeSnapshot() has the outcomes of migrations to this host's builds, and reports a damaged ledger", async () => {
  using host = simulateWorld("gpu-host");
  const world = {
    ...host.world,
    readSoftware: () => Promise.resolve({ qemu: "10.0.3", libvirt: null }),
  };
  const state = world.stateDirectory!;
  const before = await takeSnapshot(world, { observations });
  assertEquals(before.outcomes, undefined);
  const here = mttyOutcome({ target: { device: mttyDevice(), host: before.host } });
  await appendOutcomes(state, [here, mttyOutcome()]);
  Deno.writeTextFileSync(ledgerPath(state), "{", { append: true });
  const { outcomes = [], problems } = await takeSnapshot(world, { observations });
  assertEquals(outcomes.map(({ target, ok }) => [target.kernel, ok.count]), [
    [before.host.kernel, 1],
  ]);
  assertEquals(problems.map(({ code }) => code), ["ledger-damaged"]);
});

Deno.test("takeSnapshot() reports a broken device as a problem and still lists the others", async () => {
  using host = plantEmptyHost();
  for (const number of [1, 2, 3]) plantDevice(host, virtualFunction(number));
  const modalias = "devices/pci0000:c0/0000:c1:00.2/modalias";
  Deno.removeSync(`${host.roots.sys}/${modalias}`);
  host.sys.directory(modalias);
  const { devices, problems } = await takeSnapshot(quietWorld(host.roots), { observations });
  assertEquals(devices.map(({ id }) => id), ["0000:c1:00.1", "0000:c1:00.3"]);
  assertEquals(problems.map(({ code, subject }) => [code, subject]), [["kernel", "0000:c1:00.2"]]);
  assert(problems[0]!.sentence.includes("EISDIR"), problems[0]!.sentence);
});

Deno.test("takeSnapshot() reports a parent with unreadable types as a problem", async () => {
  using host = plantEmptyHost();
  for (const parent of ["good", "bad"]) {
    const attributes = { name: "Dual port serial", device_api: "vfio-pci" };
    plantMdevType(host, { parent: `virtual/${parent}`, type: "mtty-2", attributes });
    host.sys.link(`class/mdev_bus/${parent}`, `devices/virtual/${parent}`);
  }
  host.sys.directory("devices/virtual/bad/mdev_supported_types/mtty-2/available_instances");
  const { types, problems } = await takeSnapshot(quietWorld(host.roots), { observations });
  assertEquals(types.map(({ parent }) => parent), ["good"]);
  assertEquals(problems.map(({ subject }) => subject), ["bad"]);
});

Deno.test("takeSnapshot() reports an unreadable /proc as a problem", async () => {
  using host = plantEmptyHost();
  plantDevice(host, virtualFunction(1));
  const proc = `${host.directory}/loop`;
  Deno.symlinkSync("loop", proc);
  const world = quietWorld({ ...host.roots, proc });
  const { devices, problems } = await takeSnapshot(world, { observations });
  assertEquals(devices.map(({ use }) => use.state), ["unknown"]);
  assert(problems.length > 0);
});

Deno.test("takeSnapshot() does not call a device idle without /proc", async () => {
  using host = plantEmptyHost();
  plantDevice(host, virtualFunction(1));
  const world = quietWorld({ ...host.roots, proc: `${host.directory}/none` });
  const { devices } = await takeSnapshot(world, { observations });
  assertEquals(devices.map(({ use }) => use.state), ["unknown"]);
});

Deno.test("takeSnapshot() names the holder of a device, by any of its nodes", async () => {
  using host = plantEmptyHost();
  for (const number of [1, 2, 3]) plantDevice(host, { ...virtualFunction(number), cdev: true });
  plantProcess(host, { pid: 11, comm: "qemu", files: ["/dev/vfio/devices/vfio1"] });
  plantProcess(host, { pid: 12, comm: "dpdk", files: ["/dev/vfio/2"] });
  const { devices } = await takeSnapshot(quietWorld(host.roots), { observations });
  assertEquals(devices.map(({ use }) => [use.state, use.holder?.name ?? null]), [
    ["in-use", "qemu"],
    ["in-use", "dpdk"],
    ["idle", null],
  ]);
});

Deno.test("takeSnapshot() does not call a device idle if a process is unreadable", async () => {
  using host = plantEmptyHost();
  for (const number of [1, 2]) plantDevice(host, virtualFunction(number));
  plantProcess(host, { pid: 11, comm: "qemu", files: ["/dev/vfio/2"] });
  plantRefusal(host.proc, "12/fd");
  const { devices } = await takeSnapshot(quietWorld(host.roots), { observations });
  assertEquals(devices.map(({ use }) => use.state), ["unknown", "in-use"]);
});

Deno.test("takeSnapshot() finds a device in use by its no-IOMMU group node", async () => {
  using host = plantEmptyHost();
  plantDevice(host, { ...virtualFunction(1), groupNode: "noiommu-1" });
  plantProcess(host, { pid: 11, comm: "dpdk", files: ["/dev/vfio/noiommu-1"] });
  const { devices: [device] } = await takeSnapshot(quietWorld(host.roots), { observations });
  assertEquals([device?.nodes.group, device?.use.state], ["/dev/vfio/noiommu-1", "in-use"]);
});

Deno.test("takeSnapshot() lists the vGPU types of a function that has none", async () => {
  using host = plantEmptyHost();
  const creatable = "ID : vGPU Name\n1147 : NVIDIA L40S-1B\n1148 : NVIDIA L40S-2B";
  for (const [number, current] of [[4, "0"], [5, "1148"]] as const) {
    const attributes = {
      modalias: "pci:v000010DEd000026B9",
      "nvidia/current_vgpu_type": current,
      "nvidia/creatable_vgpu_types": creatable,
    };
    plantDevice(host, { ...virtualFunction(number), driver: "nvidia", attributes });
  }
  const { types, devices } = await takeSnapshot(quietWorld(host.roots), { observations });
  assertEquals(
    types.map(({ kind, type, parent, sysfs }) => [kind, type, parent, sysfs]),
    ["nvidia-1147", "nvidia-1148"].map((type) => [
      "vgpu-type",
      type,
      "0000:c1:00.4",
      "/sys/devices/pci0000:c0/0000:c1:00.4/nvidia/current_vgpu_type",
    ]),
  );
  assertEquals(devices.map(({ facts }) => facts.vgpuType), [null, 1148]);
});

Deno.test("takeSnapshot() marks the answer of a device as probed and its siblings as inferred", async () => {
  using host = plantEmptyHost();
  for (const number of [1, 2]) plantDevice(host, virtualFunction(number));
  plantDevice(host, { ...virtualFunction(3), driver: "mlx5_vfio_pci" });
  const world = quietWorld(host.roots);
  const [first] = (await takeSnapshot(world, { observations })).devices;
  const said = capabilities(first!.id);
  const known = {
    ...observations,
    byDevice: { [deviceKey(first!)]: said },
    byClass: { [classKey(classOfDevice(first!))]: said },
  };
  const { devices } = await takeSnapshot(world, { observations: known });
  assertEquals(devices.map(({ migration }) => migration), [
    said.migration,
    { ...said.migration, observed: "inferred", inferredFrom: first!.id },
    MIGRATION_UNKNOWN,
  ]);
});

Deno.test("takeSnapshot() takes firmware and PSID from devlink if sysfs has none", async () => {
  using host = plantEmptyHost();
  plantDevice(host, virtualFunction(1));
  const world = quietWorld(host.roots);
  const [device] = (await takeSnapshot(world, { observations })).devices;
  const versions = { fixed: { "fw.psid": "MT_0000000834" }, running: {}, stored: {} };
  const said = {
    ...capabilities(device!.id),
    declared: { firmware: "28.43.1014", migratable: null, versions },
  };
  const byDevice = { [deviceKey(device!)]: said };
  const { devices: [again] } = await takeSnapshot(world, {
    observations: { ...observations, byDevice },
  });
  assertEquals([again?.facts.firmware, again?.facts.boardId], ["28.43.1014", "MT_0000000834"]);
});

/** The idle mtty-2 and the only PCI function with migration of the simulated host. */
const MTTY = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";
const FUNCTION = "0000:6b:00.2";

Deno.test("takeSnapshot() shows the kernel's migration state of idle mdevs, and trouble if no load can begin in it", async () => {
  await using host = simulateWorld("mixed");
  const { roots, stateDirectory } = host.world;
  const sys = makeTree(roots.sys);
  const seen = async (text: string) => {
    for (const id of [MTTY, FUNCTION]) {
      sys.attribute(`kernel/debug/vfio/${id}/migration/state`, text);
    }
    const { devices } = await takeSnapshot(host.world, { observations });
    // Opening a PCI function resets it, so its state says nothing.
    assertEquals(devices.find(({ id }) => id === FUNCTION)?.state, undefined);
    const { state, trouble } = devices.find(({ id }) => id === MTTY)!;
    return [state, trouble?.code ?? null];
  };
  assertEquals(await seen("RUNNING"), ["running", null]);
  // Where a source that has migrated away is left: it can take a migration.
  assertEquals(await seen("STOP"), ["stop", null]);
  assertEquals(await seen("PRE_COPY_P2P"), ["pre-copy-p2p", null]);
  for (const state of ["resuming", "error"]) {
    assertEquals(await seen(state.toUpperCase()), [state, "not-running"]);
  }
  assertEquals(await seen("Invalid"), [undefined, null]);
  // A test of a vfio-ask may take it out of RUNNING.
  const { bootId } = readHost(roots);
  const untilMs = host.clock.ms + 60_000;
  const entry = { device: MTTY, what: "preflight", bootId, untilMs } as const;
  const written = journal(stateDirectory, entry);
  assertEquals(await seen("RESUMING"), [undefined, null]);
  written.keep();
  assertEquals(await seen("RESUMING"), ["resuming", "needs-reset"]);
});

Deno.test("takeSnapshot() does not give the state of a device in use", async () => {
  await using host = simulateWorld("mixed");
  const { roots } = host.world;
  const sys = makeTree(roots.sys);
  const look = () => takeSnapshot(host.world, { observations });
  const used = (await look()).devices.filter(({ use }) => use.state === "in-use");
  assert(used.some(({ kind }) => kind === "mdev"));
  for (const { id } of used) sys.attribute(`kernel/debug/vfio/${id}/migration/state`, "RESUMING");
  for (const { use, state, trouble } of (await look()).devices) {
    if (use.state === "in-use") assertEquals([state, trouble], [undefined, null]);
  }
});

Deno.test("takeSnapshot() takes no device for spoilt that a process has opened since the holders were read", async () => {
  await using host = simulateWorld("mixed");
  const { roots } = host.world;
  makeTree(roots.sys).attribute(`kernel/debug/vfio/${MTTY}/migration/state`, "RESUMING");
  const holders = { byNode: new Map(), complete: true };
  const look = async () => {
    const { devices } = await takeSnapshot(host.world, { observations }, { holders });
    const { use, state, trouble } = devices.find(({ id }) => id === MTTY)!;
    return [use.holder?.name ?? null, state, trouble?.code ?? null];
  };
  assertEquals(await look(), [null, "resuming", "not-running"]);
  const { nodes } = findDevice(roots, MTTY);
  const planted = { directory: host.directory, roots, [Symbol.dispose]() {} };
  plantProcess(
    { ...planted, sys: makeTree(roots.sys), dev: makeTree(roots.dev), proc: makeTree(roots.proc) },
    { pid: 49_999, comm: "qemu", files: [nodes.cdev ?? nodes.group ?? ""] },
  );
  assertEquals(await look(), ["qemu", undefined, null]);
});
