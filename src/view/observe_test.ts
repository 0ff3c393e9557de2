import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { NO_PROGRAM, reloadDriver, saveAnswer, simulateWorld } from "../../tests/fixtures/world.ts";
import type { Snapshot } from "../documents/mod.ts";
import { findDevice } from "../host/mod.ts";
import { openAccess } from "../access/mod.ts";
import { openWorker } from "../children/worker.ts";
import { capabilities } from "../../tests/fixtures/capabilities.ts";
import { type Observed, observeHost } from "./observe.ts";
import { PROBE_DEFAULTS, type ProbeOptions } from "./due_probes.ts";
import type { World } from "./world.ts";

const OPTIONS: ProbeOptions = { ...PROBE_DEFAULTS, settleMs: 0 };
/** Idle devices of the simulated host, one of each class. */
const DISK = "0000:d9:00.0";
const FIRST_GPU = "c40d81ae-6b92-4e1f-8d37-0f5a29e6b703";
const SECOND_GPU = "e1b95d34-7a60-4c8f-92de-05a4f7c36807";

function observe(world: World, change: Partial<ProbeOptions> = {}): Promise<Observed> {
  return observeHost(world, { ...OPTIONS, ...change });
}

/** How the migration of a device is known. */
function known({ devices }: Snapshot, id: string): string | undefined {
  return devices.find((device) => device.id === id)?.migration.observed;
}

Deno.test("observeHost() asks the idle devices, reports each answer, and returns a snapshot with them", async () => {
  await using host = simulateWorld("gpu-host");
  const told: string[] = [];
  const { snapshot, results, settling } = await observeHost(host.world, {
    ...OPTIONS,
    onResult: ({ device }) => told.push(device),
  });
  assertEquals(told.toSorted(), [DISK, FIRST_GPU, SECOND_GPU]);
  assertEquals([results.map(({ device }) => device), settling], [told, []]);
  assertEquals(known(snapshot, FIRST_GPU), "probed");
  assertEquals(known(snapshot, "3a6f0d52-8c1e-4b7a-9f25-61d0e4c7a101"), "inferred");
});

Deno.test("observeHost() asks no device again in the same boot", async () => {
  await using host = simulateWorld("gpu-host");
  const first = await observe(host.world);
  const second = await observe(host.world);
  assertEquals([second.results, host.started().length], [[], 1]);
  assertEquals(second.snapshot.devices, first.snapshot.devices);
});

Deno.test("observeHost() asks again after another boot", async () => {
  await using host = simulateWorld("gpu-host");
  await observe(host.world);
  Deno.writeTextFileSync(join(host.world.roots.proc, "sys/kernel/random/boot_id"), "another\n");
  assertEquals((await observe(host.world)).results.length, 3);
});

Deno.test("observeHost() starts no child in mode never", async () => {
  await using host = simulateWorld("gpu-host");
  const { snapshot, results } = await observe(host.world, { mode: "never" });
  assertEquals([results, host.started()], [[], []]);
  assertEquals(known(snapshot, DISK), "sysfs");
});

Deno.test("observeHost() leaves new devices alone and names them", async () => {
  await using host = simulateWorld("gpu-host");
  const { results, settling } = await observe(host.world, { settleMs: 2 * 60 * 60 * 1000 });
  assertEquals(results, []);
  assertEquals(settling.toSorted(), [DISK, FIRST_GPU, SECOND_GPU]);
});

Deno.test("observeHost() reports a device whose child died as a problem, and asks the others", async () => {
  await using host = simulateWorld("gpu-host", { habits: { [FIRST_GPU]: "die" } });
  const { snapshot } = await observe(host.world);
  assertEquals(snapshot.problems.map(({ code, subject }) => [code, subject]), [
    ["failed", FIRST_GPU],
  ]);
  assertEquals([known(snapshot, FIRST_GPU), known(snapshot, SECOND_GPU)], ["sysfs", "probed"]);
});

Deno.test("observeHost() shows a device in use that was in use when opened, without a problem", async () => {
  await using host = simulateWorld("gpu-host", { habits: { [DISK]: "busy" } });
  host.setBusy(true);
  const { snapshot } = await observe(host.world);
  const disk = snapshot.devices.find(({ id }) => id === DISK);
  assertEquals([disk?.use.state, disk?.use.holder, snapshot.problems], ["in-use", null, []]);
});

Deno.test("observeHost() answers from sysfs if no child can be started, and reports it", async () => {
  await using host = simulateWorld("gpu-host");
  const worker = openWorker(NO_PROGRAM, { deadlineMs: 60_000 });
  const world = { ...host.world, access: openAccess({ ...host.world, worker }) };
  const { snapshot } = await observe(world);
  assertEquals(snapshot.devices.length, 9);
  assert(snapshot.problems.some(({ sentence }) => sentence.includes("/nowhere/vfio-ask")));
});

Deno.test("observeHost() answers if it cannot save, and reports it", async () => {
  await using host = simulateWorld("gpu-host", { state: "host/proc/1/comm/state" });
  const { snapshot } = await observe(host.world);
  assertEquals(known(snapshot, DISK), "probed");
  assertEquals(snapshot.problems.map(({ subject }) => subject), [host.world.stateDirectory]);
});

Deno.test("observeHost() twice at the same time asks each device once", async () => {
  await using host = simulateWorld("gpu-host");
  const [a, b] = await Promise.all([observe(host.world), observe(host.world)]);
  assertEquals(a.results.length + b.results.length, 3);
  assertEquals(a.snapshot.devices, b.snapshot.devices);
});

Deno.test("observeHost() ignores an answer of a device under another driver", async () => {
  await using host = simulateWorld("gpu-host");
  await observe(host.world, { mode: "each" });
  const bus = "../../../../bus/pci/drivers";
  const driver = join(host.world.roots.sys, "bus/pci/devices", DISK, "driver");
  Deno.removeSync(driver);
  Deno.symlinkSync(`${bus}/nvme_vfio_pci`, driver);
  const { snapshot } = await observe(host.world, { mode: "never" });
  assertEquals(known(snapshot, DISK), "sysfs");
  const again = await observe(host.world, { mode: "each" });
  assertEquals(again.results.map(({ device }) => device), [DISK]);
});

Deno.test("observeHost() ignores an answer from an earlier load of a driver", async () => {
  await using host = simulateWorld("gpu-host");
  await observe(host.world);
  reloadDriver(host, "vfio-pci");
  const { snapshot } = await observe(host.world, { mode: "never" });
  assertEquals([known(snapshot, DISK), known(snapshot, FIRST_GPU)], ["sysfs", "probed"]);
  assertEquals((await observe(host.world)).results.map(({ device }) => device), [DISK]);
  const file = Deno.readTextFileSync(join(host.world.stateDirectory!, "observations.json"));
  assertEquals(Object.keys(JSON.parse(file).byClass).length, 3, "the earlier load is forgotten");
});

Deno.test("observeHost() uses an answer that replaced earlier answers of the device and of its class", async () => {
  await using host = simulateWorld("gpu-host");
  const { snapshot: before } = await observe(host.world);
  const asked = findDevice(host.world.roots, FIRST_GPU);
  saveAnswer(host.world, FIRST_GPU, capabilities(FIRST_GPU, { uapi: "none", features: [] }));
  const { snapshot } = await observe(host.world);
  const uapis = ({ devices }: Snapshot) =>
    devices.filter(({ type, parent }) => type === asked.type && parent === asked.parent)
      .map(({ migration }) => migration.uapi);
  assert(uapis(before).length > 1 && uapis(before).every((uapi) => uapi === "v2"));
  assertEquals(uapis(snapshot), uapis(before).map(() => "none"));
});
