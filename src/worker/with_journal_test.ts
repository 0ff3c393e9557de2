import { assertEquals, assertMatch } from "@std/assert";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE } from "../../ffi/vfio_migration.ts";
import { type SimulatedWorld, simulateWorld } from "../../tests/fixtures/world.ts";
import { readHost } from "../host/mod.ts";
import { journal, readJournal } from "../state/journal.ts";
import { runTask } from "./run_task.ts";
import { capabilitiesOf, type WorkerTask } from "../tasks/worker_tasks.ts";
import type { WorkerWorld } from "./world.ts";

/** An idle mtty-2 of the simulated host. */
const MTTY = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";
const how = { path: "any", settleMs: 0, stopCopyBytes: null } as const;
const READ: WorkerTask = { do: "read-initial-data", target: { device: MTTY }, ...how };
const ON_MDEV: WorkerTask = { ...READ, target: { type: "mtty-2", parent: "mtty" } };

const run = (world: WorkerWorld, task: WorkerTask) => runTask(world, task, { deadlineMs: 1_000 });
const entriesOf = ({ world }: SimulatedWorld) =>
  readJournal(world.stateDirectory, readHost(world.roots).bootId);

/** The world with watched system calls: `seen` is called before each of them. */
function watched({ world }: SimulatedWorld, seen: (call: string) => void): WorkerWorld {
  const watch = (sys: Syscalls): Syscalls =>
    Object.fromEntries(
      Object.entries(sys).map(([name, call]) => [
        name,
        typeof call !== "function" ? call : (...args: never[]) => {
          seen(name);
          return call(...args);
        },
      ]),
    ) as unknown as Syscalls;
  return {
    ...world,
    syscalls: () => watch(world.syscalls()),
  };
}

Deno.test("a task opens nothing if the journal cannot be written, and says why", async () => {
  for (const task of [READ, ON_MDEV]) {
    for (const state of ["/proc", "/dev/null"]) {
      using host = simulateWorld("mixed");
      const calls: string[] = [];
      const world = { ...watched(host, (call) => calls.push(call)), stateDirectory: state };
      const { outcome, sentence, remedy } = await run(world, task);
      assertEquals([outcome, calls], ["failed", []]);
      assertMatch(sentence, /^Cannot (read|write) the journal in .*: kernel answered E[A-Z]+$/);
      assertMatch(remedy ?? "", /--state/);
    }
  }
});

Deno.test("a device or an mdev is in the journal from before it is opened until it is closed in RUNNING", async () => {
  for (const task of [READ, ON_MDEV]) {
    using host = simulateWorld("mixed");
    const missing: string[] = [];
    let calls = 0;
    const world = watched(host, (call) => {
      calls++;
      if (entriesOf(host).length !== 1) missing.push(call);
    });
    assertEquals((await run(world, task)).outcome, "done");
    assertEquals([calls > 20, missing, entriesOf(host)], [true, [], []]);
  }
});

Deno.test("a test that cannot open a device keeps the entry of another process", async () => {
  for (const isLeft of [true, false]) {
    using host = simulateWorld("mixed", { faults: [{ call: "open", errno: "EBUSY" }] });
    const { bootId } = readHost(host.world.roots);
    const entry = { device: MTTY, what: "preflight", bootId, untilMs: 0 } as const;
    if (isLeft) journal(host.world.stateDirectory, entry).keep();
    assertEquals((await run(host.world, READ)).outcome, "in-use");
    assertEquals(entriesOf(host).map(({ device, alive }) => [device, alive]), [
      ...isLeft ? [[MTTY, false]] : [],
    ]);
  }
});

Deno.test("a leftover temporary mdev is not tested: it will be removed", async () => {
  using host = simulateWorld("mixed");
  const { bootId } = readHost(host.world.roots);
  const entry = { device: MTTY, what: "temporary-mdev", bootId, untilMs: 0 } as const;
  journal(host.world.stateDirectory, entry).keep();
  const calls: string[] = [];
  const { outcome } = await run(watched(host, (call) => calls.push(call)), READ);
  assertEquals([outcome, calls], ["in-use", []]);
  assertEquals(entriesOf(host).map(({ what }) => what), ["temporary-mdev"]);
});

Deno.test("a probe removes the entry of a device in RUNNING, and journals a device that is not", async () => {
  const probe = { do: "probe", device: MTTY, path: "any" } as const;
  using right = simulateWorld("mixed");
  const { bootId } = readHost(right.world.roots);
  journal(right.world.stateDirectory, { device: MTTY, what: "preflight", bootId, untilMs: 0 })
    .keep();
  assertEquals((await run(right.world, probe)).outcome, "done");
  assertEquals(entriesOf(right), []);
  using wrong = simulateWorld("mixed", {
    faults: [{ call: "ioctl", feature: VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, errno: "EIO" }],
  });
  const capabilities = capabilitiesOf(await run(wrong.world, probe));
  assertEquals(capabilities?.problems.map(({ code, subject }) => [code, subject]), [
    ["needs-reset", MTTY],
  ]);
  assertEquals(entriesOf(wrong).map(({ device, alive }) => [device, alive]), [[MTTY, false]]);
});
