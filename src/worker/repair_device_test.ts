import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { VFIO_DEVICE_RESET } from "../../ffi/vfio.ts";
import { deviceNamed, leaveInState, stateName } from "../../tests/fixtures/device_state.ts";
import { injectFaults } from "../../tests/fixtures/inject_faults.ts";
import { type SimulatedWorld, simulateWorld } from "../../tests/fixtures/world.ts";
import { findDevice, readHost } from "../host/mod.ts";
import { simulateSyscalls } from "../simulator/mod.ts";
import { journal, type JournalEntry, readJournal } from "../state/journal.ts";
import { noObservations } from "../state/observations.ts";
import { takeSnapshot } from "../view/take_snapshot.ts";
import type { WorkerResult } from "../tasks/mod.ts";
import { runTask } from "./run_task.ts";
import type { WorkerWorld } from "./world.ts";

/** An idle mtty-2 of the simulated host, and an idle device without migration. */
const MTTY = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";
const WITHOUT = "0000:09:00.0";
const RESET_FAILS = { call: "ioctl", request: VFIO_DEVICE_RESET, errno: "EIO" } as const;

/** A simulated host whose kernel a test can look into. */
function open({ state, faults = [] }: {
  state?: string;
  faults?: Parameters<typeof injectFaults>[1];
} = {}) {
  const host = simulateWorld("mixed");
  const calls = simulateSyscalls(host.scenario, host.world.roots);
  if (state !== undefined) leaveInState(deviceNamed(calls.kernel, MTTY), state);
  const sys = injectFaults(calls, faults);
  const world: WorkerWorld = { ...host.world, syscalls: () => sys };
  return {
    host,
    world,
    calls,
    repair: (device = MTTY, remake = false) =>
      runTask(world, { do: "repair", device, remake }, { deadlineMs: 60_000 }),
    state: () => stateName(deviceNamed(calls.kernel, MTTY)),
    [Symbol.dispose]: () => host[Symbol.dispose](),
  };
}

const entriesOf = ({ world }: SimulatedWorld) =>
  readJournal(world.stateDirectory, readHost(world.roots).bootId).map(({ what }) => what);

/** What repaired a device, and its states before and after. */
function byOf({ outcome, found }: WorkerResult) {
  return found?.of === "repair" ? [found.by, found.was, found.state] : outcome;
}

/** Leaves the entry of a process that was killed while it created the mdev again. */
function leaveRemake(
  { world }: SimulatedWorld,
  attributes: { name: string; value: string }[] = [],
): void {
  const { bootId } = readHost(world.roots);
  const { bound } = findDevice(world.roots, MTTY);
  const remake = { type: "mtty-2", parent: "mtty", attributes };
  const entry: Omit<JournalEntry, "pid"> = {
    ...{ device: MTTY, what: "remake", bootId, bound, untilMs: 0, remake },
  };
  journal(world.stateDirectory, entry).keep();
}

/** Removes the mdev, as the killed process did. */
function remove({ calls, world }: ReturnType<typeof open>): void {
  const fd = calls.open(join(world.roots.sys, "bus/mdev/devices", MTTY, "remove"), 1);
  calls.write(fd, new TextEncoder().encode("1"));
  calls.close(fd);
}

Deno.test("repairDevice() resets a device that is not in RUNNING, and leaves one that is", async () => {
  using spoilt = open({ state: "resuming" });
  assertEquals(byOf(await spoilt.repair()), ["reset", "resuming", "running"]);
  assertEquals([spoilt.state(), entriesOf(spoilt.host)], ["running", []]);
  assertEquals(byOf(await spoilt.repair()), ["nothing", "running", "running"]);
  assertEquals(byOf(await spoilt.repair(WITHOUT)), ["nothing", null, null]);
});

Deno.test("repairDevice() fails if the reset fails, keeps the device in the journal, and names --remake", async () => {
  using spoilt = open({ state: "resuming", faults: [RESET_FAILS] });
  const { outcome, sentence, remedy } = await spoilt.repair();
  assertEquals([outcome, entriesOf(spoilt.host)], ["failed", ["preflight"]]);
  assertStringIncludes(sentence, "RESUMING");
  assertStringIncludes(remedy!, `--remake ${MTTY}`);
  // The second one works, and ends the trouble.
  assertEquals(byOf(await spoilt.repair(MTTY, true)), ["remade", "resuming", "running"]);
  assertEquals(entriesOf(spoilt.host), []);
});

Deno.test("repairDevice() creates an mdev again under its UUID, of its type and parent", async () => {
  using spoilt = open({ state: "error", faults: [RESET_FAILS] });
  const before = findDevice(spoilt.world.roots, MTTY);
  assertEquals(byOf(await spoilt.repair(MTTY, true)), ["remade", "error", "running"]);
  const { id, type, parent, nodes } = findDevice(spoilt.world.roots, MTTY);
  assertEquals([id, type, parent], [MTTY, before.type, before.parent]);
  assertNotEquals(nodes.group, before.nodes.group);
  assertEquals([spoilt.state(), entriesOf(spoilt.host)], ["running", []]);
});

Deno.test("repairDevice() does not create a device again that a reset brings to RUNNING", async () => {
  using spoilt = open({ state: "resuming" });
  const { bound } = findDevice(spoilt.world.roots, MTTY);
  assertEquals(byOf(await spoilt.repair(MTTY, true)), ["reset", "resuming", "running"]);
  assertEquals(findDevice(spoilt.world.roots, MTTY).bound, bound);
});

Deno.test("repairDevice() does not remove an mdev with parameters that it cannot restore", async () => {
  using spoilt = open({ state: "resuming", faults: [RESET_FAILS] });
  const { sysfs, bound } = findDevice(spoilt.world.roots, MTTY);
  const path = join(spoilt.world.roots.sys, sysfs.slice("/sys".length), "assign_domain");
  Deno.writeTextFileSync(path, "");
  const { outcome, sentence, remedy } = await spoilt.repair(MTTY, true);
  assertEquals([outcome, findDevice(spoilt.world.roots, MTTY).bound], ["failed", bound]);
  assertStringIncludes(sentence, "assign_domain");
  assertStringIncludes(remedy!, `${MTTY}/remove`);
  assertEquals(entriesOf(spoilt.host), ["preflight"]);
});

Deno.test("repairDevice() writes the parameters of a vGPU to the new mdev", async () => {
  using spoilt = open({ state: "resuming", faults: [RESET_FAILS] });
  const { sysfs } = findDevice(spoilt.world.roots, MTTY);
  const nvidia = join(spoilt.world.roots.sys, sysfs.slice("/sys".length), "nvidia");
  Deno.mkdirSync(nvidia);
  Deno.writeTextFileSync(join(nvidia, "vgpu_params"), "enable_uvm=1\n");
  // A driver that creates the mdev with the attribute.
  const write = spoilt.calls.write.bind(spoilt.calls);
  const sys = {
    ...injectFaults(spoilt.calls, [RESET_FAILS]),
    write(fd: number, bytes: Uint8Array<ArrayBuffer>) {
      const moved = write(fd, bytes);
      if (new TextDecoder().decode(bytes) === MTTY) {
        Deno.mkdirSync(nvidia);
        Deno.writeTextFileSync(join(nvidia, "vgpu_params"), "\n");
      }
      return moved;
    },
  };
  const world = { ...spoilt.world, syscalls: () => sys };
  const task = { do: "repair", device: MTTY, remake: true } as const;
  const result = await runTask(world, task, { deadlineMs: 60_000 });
  assertEquals(byOf(result), ["remade", "resuming", "running"]);
  assertEquals(Deno.readTextFileSync(join(nvidia, "vgpu_params")), "enable_uvm=1");
});

for (const task of ["repair", "recover"] as const) {
  Deno.test(`${task} creates an mdev that a killed process had removed`, async () => {
    using host = open();
    leaveRemake(host.host);
    remove(host);
    const { outcome } = task === "repair" ? await host.repair() : await runTask(host.world, {
      ...{ do: task, device: MTTY, settleMs: 0 },
    }, { deadlineMs: 60_000 });
    assertEquals([outcome, entriesOf(host.host)], ["done", []]);
    assertEquals(findDevice(host.world.roots, MTTY).type, "mtty-2");
    assertEquals(byOf(await host.repair()), ["nothing", "running", "running"]);
  });

  Deno.test(`${task} resets an mdev that a killed process was about to remove`, async () => {
    using host = open({ state: "resuming" });
    const { bound } = findDevice(host.world.roots, MTTY);
    leaveRemake(host.host);
    const { outcome } = task === "repair" ? await host.repair() : await runTask(host.world, {
      ...{ do: task, device: MTTY, settleMs: 0 },
    }, { deadlineMs: 60_000 });
    assertEquals([outcome, host.state(), entriesOf(host.host)], ["done", "running", []]);
    assertEquals(findDevice(host.world.roots, MTTY).bound, bound);
  });
}

Deno.test("an mdev that cannot be created again stays in the journal, and snapshots report it", async () => {
  using host = open();
  leaveRemake(host.host);
  remove(host);
  const told = async () => {
    const observations = noObservations(null);
    const { problems } = await takeSnapshot(host.host.world, { observations });
    return problems.filter(({ subject }) => subject === MTTY).map(({ remedy }) => remedy);
  };
  assertEquals(await told(), [`Run vfio-ask recover ${MTTY}.`]);
  const sys = injectFaults(host.calls, [{ call: "open", path: "create", errno: "ENOSPC" }]);
  const world = { ...host.world, syscalls: () => sys };
  const task = { do: "repair", device: MTTY, remake: false } as const;
  const { outcome, sentence } = await runTask(world, task, { deadlineMs: 60_000 });
  assertEquals([outcome, entriesOf(host.host)], ["failed", ["remake"]]);
  assertStringIncludes(sentence, "mtty-2");
  assertEquals((await told()).length, 1);
  assertEquals((await host.repair()).outcome, "done");
  assertEquals(await told(), []);
});

Deno.test("repairDevice() does not touch a device that a process holds", async () => {
  using host = open();
  const { processes, devices } = host.host.scenario;
  const holder = processes.flatMap(({ files }) => files);
  const used = devices.find(({ iommuGroup, mdevType }) =>
    mdevType !== null && holder.includes(`/dev/vfio/${iommuGroup}`)
  );
  assert(used !== undefined);
  const world = {
    ...host.world,
    syscalls: () => {
      throw new Error("it was opened");
    },
  };
  const task = { do: "repair", device: used.id, remake: true } as const;
  assertEquals((await runTask(world, task, { deadlineMs: 60_000 })).outcome, "in-use");
});
