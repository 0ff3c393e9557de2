import { assertEquals, assertThrows } from "@std/assert";
import { plantProcess } from "../../tests/fixtures/planted_host.ts";
import { until } from "../../tests/fixtures/fake_worker.ts";
import { makeTree } from "../../tests/fixtures/tree.ts";
import { type SimulatedWorld, simulateWorld } from "../../tests/fixtures/world.ts";
import { Failure } from "../documents/mod.ts";
import { findDevice, readHost } from "../host/mod.ts";
import { journal, readJournal } from "../state/journal.ts";
import { recoverDevice } from "./recover_device.ts";
import { takeSnapshot } from "../view/take_snapshot.ts";
import { noObservations } from "../state/observations.ts";
import type { World } from "../view/world.ts";
import type { WorkerWorld } from "./world.ts";

/** An idle mdev of the simulated host. */
const GPU = "c40d81ae-6b92-4e1f-8d37-0f5a29e6b703";
const OPTIONS = { deadlineMs: 1_000, settleMs: 0 };

/** Leaves a journal entry of a device, as a killed process does. */
function leave(host: SimulatedWorld, device: string, bound: string | null): void {
  const { bootId } = readHost(host.world.roots);
  journal(host.world.stateDirectory, { device, what: "preflight", bootId, bound, untilMs: 0 })
    .keep();
}

const left = ({ world }: SimulatedWorld) =>
  readJournal(world.stateDirectory, readHost(world.roots).bootId).map(({ device }) => device);

const untouched = (world: WorkerWorld): WorkerWorld => ({
  ...world,
  syscalls: () => {
    throw new Error("it was opened");
  },
});

async function troubleOf(world: World, id: string): Promise<string | null> {
  const snapshot = await takeSnapshot(world, {
    observations: noObservations(readHost(world.roots).bootId),
  });
  return snapshot.devices.find((device) => device.id === id)?.trouble?.code ?? null;
}

Deno.test("recoverDevice() removes the entry of a device that is in RUNNING", async () => {
  using host = simulateWorld("gpu-host");
  leave(host, GPU, findDevice(host.world.roots, GPU).bound);
  assertEquals(await troubleOf(host.world, GPU), "needs-reset");
  const { outcome, problems } = await recoverDevice(host.world, GPU, OPTIONS);
  assertEquals([outcome, problems, left(host)], ["done", [], []]);
  assertEquals(await troubleOf(host.world, GPU), null);
});

Deno.test("recoverDevice() removes the entry of a device that is gone, and reports it once", async () => {
  using host = simulateWorld("gpu-host");
  leave(host, "d1b5b0b4-0000-4000-8000-000000000001", "7");
  const recover = () =>
    recoverDevice(untouched(host.world), "d1b5b0b4-0000-4000-8000-000000000001", OPTIONS);
  const { outcome, problems } = await recover();
  assertEquals([outcome, problems.map(({ code }) => code), left(host)], ["done", ["gone"], []]);
  assertEquals((await recover()).problems, []);
});

Deno.test("recoverDevice() does not touch a device that was created again: it has no trouble", async () => {
  using host = simulateWorld("gpu-host");
  leave(host, GPU, "of the device before it");
  assertEquals(await troubleOf(host.world, GPU), null);
  const { outcome } = await recoverDevice(untouched(host.world), GPU, OPTIONS);
  assertEquals([outcome, left(host)], ["done", []]);
});

Deno.test("recoverDevice() does not touch a device that is new or in use, and keeps the entry", async () => {
  using host = simulateWorld("gpu-host");
  const { bound, nodes } = findDevice(host.world.roots, GPU);
  leave(host, GPU, bound);
  const world = untouched(host.world);
  const young = await recoverDevice(world, GPU, { deadlineMs: 1_000, settleMs: 86_400_000 });
  assertEquals([young.outcome, left(host)], ["new", [GPU]]);
  const { roots } = world;
  const planted = { directory: host.directory, roots, [Symbol.dispose]() {} };
  plantProcess(
    { ...planted, sys: makeTree(roots.sys), dev: makeTree(roots.dev), proc: makeTree(roots.proc) },
    { pid: 4711, comm: "qemu", files: [nodes.cdev ?? nodes.group ?? ""] },
  );
  const held = await recoverDevice(world, GPU, OPTIONS);
  assertEquals([held.outcome, left(host)], ["in-use", [GPU]]);
});

Deno.test("recoverDevice() removes a temporary mdev", async () => {
  using host = simulateWorld("gpu-host");
  const { world } = host;
  const { bootId } = readHost(world.roots);
  const entry = { device: GPU, what: "temporary-mdev", bootId, untilMs: 0 } as const;
  journal(world.stateDirectory, entry).keep();
  assertEquals((await recoverDevice(world, GPU, OPTIONS)).outcome, "done");
  assertThrows(() => findDevice(world.roots, GPU), Failure, "Cannot find");
  assertEquals(left(host), []);
});

Deno.test("a device is stuck if its process waits too long, but not if the process is working", async () => {
  using host = simulateWorld("gpu-host");
  const { world } = host;
  const { bootId } = readHost(world.roots);
  const { bound } = findDevice(world.roots, GPU);
  const untilMs = world.now().getTime() - 1;
  const entry = { device: GPU, what: "preflight", bootId, bound, untilMs } as const;
  const written = journal(world.stateDirectory, entry);
  const path = `${world.stateDirectory}/journal/${GPU}.json`;
  const troubleWhileAt = async (state: "R" | "S", script: string) => {
    const child = new Deno.Command("sh", { args: ["-c", script] }).spawn();
    Deno.writeTextFileSync(path, JSON.stringify({ ...entry, pid: child.pid }));
    await until(`it is at ${state}`, () => stateOf(child.pid) === state);
    const trouble = await troubleOf(world, GPU);
    child.kill();
    await child.status;
    return trouble;
  };
  assertEquals(await troubleWhileAt("R", "while :; do :; done"), null);
  assertEquals(await troubleWhileAt("S", "exec sleep 300"), "stuck");
  written.strike();
});

const stateOf = (pid: number) =>
  Deno.readTextFileSync(`/proc/${pid}/status`).match(/^State:\s+(\S)/m)?.[1];
