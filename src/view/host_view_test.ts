import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { isRunning, until } from "../../tests/fixtures/fake_worker.ts";
import {
  makeMdev,
  NO_PROGRAM,
  reloadDriver,
  removeMdev,
  saveAnswer,
  type SimulatedWorld,
  simulateWorld,
} from "../../tests/fixtures/world.ts";
import { capabilities } from "../../tests/fixtures/capabilities.ts";
import type { Snapshot } from "../documents/mod.ts";
import { type FakeUevents, fakeUevents } from "../../ffi/uevent_testing.ts";
import { openHostEvents } from "../host/mod.ts";
import { type HostView, openHostView, type ViewOptions } from "./host_view.ts";
import { openAccess } from "../access/mod.ts";
import { openWorker } from "../children/worker.ts";

/** Every request takes a new look, and no look is taken without a request. */
const OPTIONS: ViewOptions = {
  mode: "representative",
  settleMs: 0,
  refreshMs: 60 * 60 * 1000,
  freshMs: -1,
};
const HOUR_MS = 60 * 60 * 1000;
/** Idle devices of the simulated host, one of each class. */
const DISK = "0000:d9:00.0";
const FIRST_GPU = "c40d81ae-6b92-4e1f-8d37-0f5a29e6b703";
const NEW_MDEV = "0f0e0d0c-0000-4000-8000-00000000000a";
const SECOND_GPU = "e1b95d34-7a60-4c8f-92de-05a4f7c36807";

function open(host: SimulatedWorld, change: Partial<ViewOptions> = {}): Promise<HostView> {
  return openHostView(host.world, { ...OPTIONS, ...change });
}

function device({ devices }: Snapshot, id: string) {
  return devices.find((candidate) => candidate.id === id);
}

Deno.test("openHostView() answers at once, and with more data when the devices have answered", async () => {
  await using host = simulateWorld("gpu-host");
  await using view = await open(host);
  assertEquals((await view.newest()).devices.length, 9);
  await view.settled();
  const snapshot = await view.newest();
  assertEquals(device(snapshot, FIRST_GPU)?.migration.observed, "probed");
  assertEquals(host.started().length, 1);
});

Deno.test("openHostView() answers while a child hangs, and leaves no process when disposed of", async () => {
  const habits = { [DISK]: "hang", [FIRST_GPU]: "hang", [SECOND_GPU]: "hang" } as const;
  await using host = simulateWorld("gpu-host", { habits, deadlineMs: 5_000 });
  const view = await open(host);
  await until("a child runs", () => host.started().length > 0);
  const { devices } = await view.newest();
  assertEquals(devices.length, 9);
  assert(devices.every(({ migration }) => migration.observed === "sysfs"));
  await view[Symbol.asyncDispose]();
  await view.settled();
  const started = host.started();
  assertEquals([started.length, started.filter(isRunning)], [1, []]);
});

Deno.test("openHostView() gives a snapshot a new number only when facts have changed", async () => {
  await using host = simulateWorld("gpu-host");
  await using view = await open(host, { mode: "never" });
  const first = await view.newest();
  host.clock.ms += 1000;
  const again = await view.newest();
  assertEquals(again.snapshot, first.snapshot);
  assertEquals({ ...again, takenAt: "" }, { ...first, takenAt: "" });
  const types = join(host.world.roots.sys, "class/mdev_bus/0000:3b:00.0/mdev_supported_types");
  Deno.writeTextFileSync(join(types, "nvidia-232/available_instances"), "0\n");
  const changed = await view.newest();
  assertEquals(changed.snapshot, first.snapshot + 1);
  assertEquals((await view.newest()).snapshot, first.snapshot + 1);
});

Deno.test("openHostView() does not change a snapshot that it has returned", async () => {
  await using host = simulateWorld("gpu-host");
  await using view = await open(host);
  const first = await view.newest();
  const text = JSON.stringify(first);
  await view.settled();
  assert((await view.newest()).snapshot > first.snapshot);
  assertEquals(JSON.stringify(first), text);
});

Deno.test("openHostView() does not look again while the last look is fresh", async () => {
  await using host = simulateWorld("gpu-host");
  await using view = await open(host, { mode: "never", freshMs: 500 });
  const first = await view.newest();
  host.clock.ms += 500;
  assert(await view.newest() === first);
  host.clock.ms += 1;
  assert(await view.newest() !== first);
});

Deno.test("openHostView() looks again after a failed look without a request", async () => {
  await using host = simulateWorld("gpu-host");
  let looks = 0;
  const readSoftware = () => {
    if (++looks === 2) throw new Error("out of memory");
    return Promise.resolve({ qemu: null, libvirt: null });
  };
  await using _view = await openHostView({ ...host.world, readSoftware }, {
    ...OPTIONS,
    mode: "never",
    refreshMs: 1,
  });
  await until("it looks a third time", () => looks >= 3);
});

Deno.test("openHostView() finds a named device that was created since the last look", async () => {
  await using host = simulateWorld("mixed");
  await using view = await open(host, { mode: "never", freshMs: 500 });
  const first = await view.newest();
  makeMdev(host, "mtty", "mtty-2", NEW_MDEV);
  assert(await view.newest() === first);
  assert(await view.newest("nobody") === first);
  const second = await view.newest(NEW_MDEV);
  assert(device(second, NEW_MDEV) !== undefined);
  assert(await view.newest(NEW_MDEV) === second);
});

Deno.test("openHostView() does not answer from a running look that began too long ago", async () => {
  await using host = simulateWorld("gpu-host");
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  let looks = 0;
  const readSoftware = async () => {
    if (++looks === 2) await held;
    return { qemu: null, libvirt: null };
  };
  const view = await openHostView({ ...host.world, readSoftware }, {
    ...OPTIONS,
    mode: "never",
    freshMs: 500,
  });
  host.clock.ms += 501;
  const slow = view.newest();
  const types = join(host.world.roots.sys, "class/mdev_bus/0000:3b:00.0/mdev_supported_types");
  Deno.writeTextFileSync(join(types, "nvidia-232/available_instances"), "7\n");
  host.clock.ms += 501;
  const fresh = view.newest();
  release();
  const free = ({ types }: Snapshot) => types.map(({ availableInstances }) => availableInstances);
  assert(free(await fresh).includes(7));
  await slow;
  assertEquals(looks, 3);
  await view[Symbol.asyncDispose]();
});

Deno.test("openHostView() looks again before the last look is too old, while requests come", async () => {
  await using host = simulateWorld("gpu-host");
  let looks = 0;
  const readSoftware = () => {
    looks++;
    // The time that a look takes.
    host.clock.ms += 100;
    return Promise.resolve({ qemu: null, libvirt: null });
  };
  const options = { ...OPTIONS, mode: "never", freshMs: 500 } as const;
  await using view = await openHostView({ ...host.world, readSoftware }, options);
  const first = await view.newest();
  host.clock.ms += 100;
  assertEquals([await view.newest() === first, looks], [true, 1]);
  host.clock.ms += 200;
  assert(await view.newest() === first, "a request does not wait");
  await until("it has looked", () => looks === 2 && view.last() !== first);
});

Deno.test("openHostView() notices a reload of a driver while the last look is fresh", async () => {
  await using host = simulateWorld("gpu-host");
  await using view = await open(host, { freshMs: HOUR_MS });
  await view.settled();
  assertEquals(device(await view.newest(), DISK)?.migration.observed, "probed");
  reloadDriver(host, "vfio-pci");
  const after = await view.newest();
  assertEquals(device(after, DISK)?.migration.observed, "sysfs");
  assertEquals(device(after, FIRST_GPU)?.migration.observed, "probed");
  await view.settled();
  assertEquals(device(await view.newest(), DISK)?.migration.observed, "probed");
  assertEquals([host.tasksFor(DISK), host.tasksFor(FIRST_GPU)], [2, 1]);
});

Deno.test("openHostView() asks a failed device without a wait after it was bound again", async () => {
  await using host = simulateWorld("gpu-host", { habits: { [DISK]: "die" } });
  await using view = await open(host);
  await view.settled();
  assertEquals(host.tasksFor(DISK), 1);
  reloadDriver(host, "vfio-pci");
  await view.newest();
  await view.settled();
  assertEquals(host.tasksFor(DISK), 2);
});

Deno.test("openHostView() uses answers that another process has saved since", async () => {
  await using host = simulateWorld("gpu-host");
  await using view = await open(host);
  await view.settled();
  saveAnswer(host.world, DISK, capabilities(DISK, { uapi: "none", features: [] }));
  assertEquals(device(await view.newest(), DISK)?.migration.uapi, "none");
});

Deno.test("openHostView() reports a device whose child died as a problem until it answers", async () => {
  await using host = simulateWorld("gpu-host", { habits: { [DISK]: "die" } });
  await using view = await open(host);
  await view.settled();
  const { problems } = await view.newest();
  assertEquals(problems.map(({ code, subject }) => [code, subject]), [["failed", DISK]]);
});

Deno.test("openHostView() waits longer each time before it asks a device again", async () => {
  await using host = simulateWorld("gpu-host", { habits: { [DISK]: "die" } });
  await using view = await open(host);
  await view.settled();
  const asked = async (afterMs: number) => {
    host.clock.ms += afterMs;
    const before = host.tasksFor(DISK);
    await view.newest();
    await view.settled();
    return host.tasksFor(DISK) - before;
  };
  assertEquals(await asked(9_000), 0);
  assertEquals(await asked(2_000), 1);
  assertEquals(await asked(11_000), 0);
  assertEquals(await asked(11_000), 1);
});

Deno.test("openHostView() asks a device again that was in use when it was opened", async () => {
  await using host = simulateWorld("gpu-host", { habits: { [DISK]: "busy" } });
  host.setBusy(true);
  await using view = await open(host);
  await view.settled();
  const held = device(await view.newest(), DISK);
  assertEquals([held?.use.state, held?.migration.observed], ["in-use", "sysfs"]);
  host.setBusy(false);
  host.clock.ms += HOUR_MS;
  await view.newest();
  await view.settled();
  const free = device(await view.newest(), DISK);
  assertEquals([free?.use.state, free?.migration.observed], ["idle", "probed"]);
});

Deno.test("openHostView() forgets the problem of a device that is gone", async () => {
  await using host = simulateWorld("gpu-host", { habits: { [DISK]: "die" } });
  await using view = await open(host);
  await view.settled();
  const { sys } = host.world.roots;
  Deno.removeSync(join(sys, "class/vfio-dev/vfio8"));
  const { devices, problems } = await view.newest();
  assertEquals([devices.some(({ id }) => id === DISK), problems], [false, []]);
});

Deno.test("openHostView() reports that no child can be started", async () => {
  await using host = simulateWorld("gpu-host");
  const worker = openWorker(NO_PROGRAM, { deadlineMs: 60_000 });
  const world = { ...host.world, access: openAccess({ ...host.world, worker }) };
  await using view = await openHostView(world, OPTIONS);
  await view.settled();
  const { problems } = await view.newest();
  assert(problems.some(({ sentence }) => sentence.includes("/nowhere/vfio-ask")));
});

Deno.test("openHostView() answers if it cannot save, and reports it", async () => {
  await using host = simulateWorld("gpu-host", { state: "host/proc/1/comm/state" });
  await using view = await open(host);
  await view.settled();
  const { problems, devices } = await view.newest();
  assertEquals(problems.map(({ subject }) => subject), [host.world.stateDirectory]);
  assert(devices.some(({ migration }) => migration.observed === "probed"));
});

Deno.test("openHostView() uses saved answers and asks no device", async () => {
  await using host = simulateWorld("gpu-host");
  {
    await using view = await open(host);
    await view.settled();
  }
  await using view = await open(host);
  await view.settled();
  assertEquals(device(await view.newest(), FIRST_GPU)?.migration.observed, "probed");
  assertEquals(host.started().length, 1);
});

Deno.test("openHostView() does not count its own children as holders", async () => {
  await using host = simulateWorld("gpu-host", {
    habits: { [SECOND_GPU]: "hang" },
    deadlineMs: 5_000,
  });
  const view = await open(host);
  await until("a child runs", () => host.started().length > 0);
  const [pid] = host.started();
  const fd = join(host.world.roots.proc, String(pid), "fd");
  Deno.mkdirSync(fd, { recursive: true });
  Deno.symlinkSync("/dev/vfio/91", join(fd, "3"));
  assertEquals(device(await view.newest(), DISK)?.use, { state: "idle", holder: null });
  await view[Symbol.asyncDispose]();
  await view.settled();
});

/** A view that looks after events, on request, and while it is followed. It collects its snapshots. */
async function openWithEvents(host: SimulatedWorld, calls: FakeUevents) {
  const { sys } = host.world.roots;
  Deno.writeTextFileSync(join(sys, "kernel/uevent_seqnum"), "812\n");
  const snapshots: Snapshot[] = [];
  const ended: unknown[] = [];
  const options = { mode: "never", settleMs: 0, freshMs: HOUR_MS } as const;
  const view = await openHostView(host.world, options, {
    events: openHostEvents({ sys }, () => calls)!,
    onSnapshot: (snapshot) => snapshots.push(snapshot),
    onEventsEnd: (error) => ended.push(error),
  });
  return { view, snapshots, ended, [Symbol.asyncDispose]: () => view[Symbol.asyncDispose]() };
}

Deno.test("openHostView() sees a new device after its event, without a request", async () => {
  await using host = simulateWorld("mixed");
  const calls = fakeUevents();
  await using opened = await openWithEvents(host, calls);
  const { view, snapshots } = opened;
  makeMdev(host, "mtty", "mtty-2", NEW_MDEV);
  const path = `/devices/virtual/mtty/mtty/${NEW_MDEV}`;
  calls.sendUevent(`bind@${path}`, { SUBSYSTEM: "mdev" });
  await until("it is seen", () => snapshots.length === 2);
  assertEquals(snapshots.map((snapshot) => device(snapshot, NEW_MDEV) !== undefined), [
    false,
    true,
  ]);
  assert(view.last() === snapshots[1]);
  removeMdev(host, NEW_MDEV);
  calls.sendUevent(`remove@${path}`, { SUBSYSTEM: "mdev" });
  await until("it is gone", () => snapshots.length === 3);
  const [before, , after] = snapshots;
  assertEquals(after!.devices, before!.devices);
  assertEquals(after!.types, before!.types);
});

Deno.test("openHostView() keeps the holders of other devices when it looks at a change", async () => {
  await using host = simulateWorld("gpu-host");
  const calls = fakeUevents();
  await using opened = await openWithEvents(host, calls);
  const [first] = opened.snapshots;
  const held = ({ devices }: Snapshot) =>
    devices.filter(({ use }) => use.state === "in-use").map(({ id }) => id);
  assert(held(first!).length > 0);
  const { sysfs } = device(first!, DISK)!;
  Deno.writeTextFileSync(join(host.world.roots.sys, sysfs.slice("/sys".length), "numa_node"), "3");
  calls.sendUevent(`change@${sysfs.slice("/sys".length)}`, { SUBSYSTEM: "pci" });
  await until("the change is seen", () => opened.snapshots.length === 2);
  assertEquals(device(opened.snapshots[1]!, DISK)?.numaNode, 3);
  assertEquals(held(opened.snapshots[1]!), held(first!));
});

Deno.test("openHostView() reads everything after lost events", async () => {
  await using host = simulateWorld("gpu-host");
  const calls = fakeUevents();
  await using opened = await openWithEvents(host, calls);
  reloadDriver(host, "vfio-pci");
  calls.fail("ENOBUFS");
  await until("the reload is seen", () => opened.snapshots.length === 2);
});

Deno.test("openHostView() looks on its own while it is followed, or when its last snapshot is old", async () => {
  await using host = simulateWorld("gpu-host");
  await using opened = await openWithEvents(host, fakeUevents());
  const { view, snapshots } = opened;
  const node = device(snapshots[0]!, DISK)!.nodes.group!;
  const fd = join(host.world.roots.proc, "4711/fd");
  Deno.mkdirSync(fd, { recursive: true });
  Deno.symlinkSync(node, join(fd, "3"));
  host.clock.ms += 60_000;
  {
    using _following = view.follow();
    await until("the holder is seen", () => snapshots.length === 2);
  }
  assertEquals(device(snapshots[1]!, DISK)?.use.state, "in-use");
  Deno.removeSync(join(fd, "3"));
  host.clock.ms += 60_000;
  assert(view.last() === snapshots[1]);
  await until("it is idle again", () => snapshots.length === 3);
});

Deno.test("openHostView() answers on when no more events come, and says so", async () => {
  await using host = simulateWorld("gpu-host");
  const calls = fakeUevents();
  await using opened = await openWithEvents(host, calls);
  calls.fail("EBADF");
  await until("it is said", () => opened.ended.length === 1);
  host.clock.ms += HOUR_MS + 1;
  assertEquals((await opened.view.newest()).devices.length, 9);
});

Deno.test("openHostView() asks an mdev that came free again, after the settle time, and knows its state until then", async () => {
  await using host = simulateWorld("gpu-host");
  const { proc } = host.world.roots;
  await using view = await open(host, { settleMs: 10_000 });
  const known = async () => (await view.newest()).devices;
  const held = (await known()).filter(({ kind, use }) => kind === "mdev" && use.holder !== null);
  const used = held.map(({ id }) => id);
  assert(used.length > 0);
  await view.settled();
  const states = async () => {
    const devices = await known();
    return used.map((id) => devices.find((device) => device.id === id)?.state);
  };
  // Its class has answered.
  saveAnswers(host, await known());
  assertEquals(await states(), used.map(() => undefined));
  for (const pid of new Set(held.map(({ use }) => String(use.holder?.pid)))) {
    Deno.removeSync(join(proc, pid), { recursive: true });
  }
  assertEquals(await states(), used.map(() => null));
  host.clock.ms += 10_001;
  assertEquals(await states(), used.map(() => null));
  await view.settled();
  assertEquals(used.map(host.tasksFor), used.map(() => 1));
  assertEquals(await states(), used.map(() => undefined));
  await view.settled();
  assertEquals(used.map(host.tasksFor), used.map(() => 1));
});

/** Saves an answer of one device of each class, as another process does. */
function saveAnswers(host: SimulatedWorld, devices: Snapshot["devices"]): void {
  for (const { id, use } of devices) {
    if (use.state === "idle") saveAnswer(host.world, id, capabilities(id));
  }
}
