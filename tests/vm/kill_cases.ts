import { assert, assertEquals } from "@std/assert";
import type { VmCase } from "./case.ts";
import {
  deviceNamed,
  hasCdev,
  MTTY_1,
  MTTY_2,
  MTTY_2_IDLE,
  PROGRAM,
  runProgram,
  sleep,
  until,
} from "./machine.ts";
import {
  assertNothingLeft,
  journalled,
  mdevs,
  OPTIONS,
  paths,
  processes,
  sourceOf,
  STATE,
} from "./preflights.ts";
import { call, startServer } from "./server.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const IDS = [MTTY_1, MTTY_2, MTTY_2_IDLE];

/** Cases in which processes are killed this many times while they work. */
export const killCases = (times: number): readonly VmCase[] => [
  {
    name: `all devices recover after ${times} preflights are killed at random moments`,
    run: () => killAndRecover(times),
  },
  {
    name: "a device in RESUMING when its process was killed is reset through its cdev",
    skip: () =>
      hasCdev() && stateOf(MTTY_2_IDLE) !== null
        ? null
        : "no cdev, or the kernel does not expose the state",
    run: () => killInResuming(MTTY_2_IDLE),
  },
  {
    name: "a running server resets what a killed process left behind, by itself",
    run: () => recoverWhileServing(),
  },
  {
    name: "the entry of a device that was removed after a kill is deleted and reported",
    async run() {
      const before = mdevs();
      const id = crypto.randomUUID();
      Deno.writeTextFileSync(MTTY_2_CREATE, id);
      const tasks = await testsOf([{ device: id }]);
      await killAtWork(tasks, id);
      Deno.writeTextFileSync(`/sys/bus/mdev/devices/${id}/remove`, "1");
      const { stderr, code } = await runProgram(["identity", MTTY_1, "--initial-data", ...OPTIONS]);
      assertEquals(code, 0, stderr);
      assert(stderr.includes(id) && stderr.includes("is gone"), stderr);
      await assertNothingLeft(IDS, { mdevs: before });
    },
  },
  {
    name: "a new device with the name of one in trouble is not in trouble",
    async run() {
      const before = mdevs();
      const id = crypto.randomUUID();
      Deno.writeTextFileSync(MTTY_2_CREATE, id);
      const tasks = await testsOf([{ device: id }]);
      await killAtWork(tasks, id);
      const trouble = async () => {
        const { stdout } = await runProgram(["devices", "--json", "--probe=never", ...OPTIONS]);
        return JSON.parse(stdout).devices.find((device: Json) => device.id === id).trouble?.code;
      };
      assertEquals(await trouble(), "needs-reset");
      Deno.writeTextFileSync(`/sys/bus/mdev/devices/${id}/remove`, "1");
      Deno.writeTextFileSync(MTTY_2_CREATE, id);
      assertEquals(await trouble(), undefined);
      await sourceOf(MTTY_2);
      assertEquals(journalled(), []);
      Deno.writeTextFileSync(`/sys/bus/mdev/devices/${id}/remove`, "1");
      await assertNothingLeft(IDS, { mdevs: before });
    },
  },
];

const MTTY_2_CREATE = "/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-2/create";

/** Tasks that test targets with the data of an mtty-2, by every path. */
async function testsOf(
  targets: readonly Json[],
  by: readonly ("group" | "cdev")[] = paths(),
): Promise<Json[]> {
  const { initialData: { base64 } } = await sourceOf(MTTY_2);
  return targets.flatMap((target) =>
    by.map((path) => ({
      do: "test",
      target,
      path,
      settleMs: 0,
      base64,
      phase: "pre-copy",
      controls: true,
    }))
  );
}

/** Starts a worker that repeats tasks, and waits for its first result. */
async function startWorker(tasks: readonly Json[]) {
  const child = new Deno.Command(PROGRAM, {
    args: ["worker", "--state", STATE],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const input = Array(50).fill(tasks).flat().map((task) => JSON.stringify(task) + "\n").join("");
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  let isOver = done;
  child.status.finally(() => isOver = true);
  return {
    pid: child.pid,
    worked: !done,
    isOver: () => isOver,
    signal(name: Deno.Signal): void {
      try {
        child.kill(name);
      } catch {
        // It has exited.
      }
    },
    async end(): Promise<void> {
      await child.status;
      await reader.cancel();
    },
  };
}

/** Kills workers as soon as a condition holds, until the condition holds after a kill. */
async function killWhile(tasks: readonly Json[], holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    assert(turn < 50, "no kill met the condition");
    const worker = await startWorker(tasks);
    while (!holds() && !worker.isOver()) await sleep(turn % 5);
    worker.signal("SIGKILL");
    await worker.end();
  }
}

/** Kills workers until one leaves a journal entry for a device. */
const killAtWork = (tasks: readonly Json[], id: string): Promise<void> =>
  killWhile(tasks, () => journalled().includes(`${id}.json`));

/** A worker is killed within this many milliseconds of its first output, while it works on devices. */
const KILLED_WITHIN_MS = 1500;

/**
 * Starts workers that repeat tests, kills each at a different point, and then starts the server. Every device must
 * be in RUNNING and available to another process, with no mdev, process or journal entry left.
 */
async function killAndRecover(times: number): Promise<void> {
  const before = mdevs();
  const type = { type: "mtty-2", parent: "mtty" };
  const tasks = [
    ...await testsOf([{ device: MTTY_2_IDLE }, { device: MTTY_1 }, type]),
    ...paths().map((path) => ({
      do: "read-initial-data",
      target: { device: MTTY_2 },
      path,
      settleMs: 0,
      stopCopyBytes: 96,
    })),
  ];
  let [worked, dirty] = [0, 0];
  for (let turn = 0; turn < times; turn++) {
    const first = turn % tasks.length;
    const worker = await startWorker([...tasks.slice(first), ...tasks.slice(0, first)]);
    if (worker.worked) worked++;
    await sleep((turn * 7919) % KILLED_WITHIN_MS);
    worker.signal("SIGKILL");
    await worker.end();
    if (journalled().length > 0) dirty++;
    // The next command cleans up; otherwise the left mdevs would use all instances.
    if (turn % 8 === 7) await sourceOf(MTTY_2);
  }
  console.log(
    `killed ${times}: ${worked} had opened a device, ${dirty} left a journal entry`,
  );
  assert(worked > times / 2 && dirty > times / 10, "too few kills hit a working process");
  await using server = await startServer(...OPTIONS);
  const { devices, problems } = (await call(`${server.url}/v1/devices`)).json();
  assertEquals(problems, []);
  for (const { id, trouble } of devices) {
    if (trouble) console.log(id, describeProcess(trouble.sentence.match(/process (\d+)/)?.[1]));
    assertEquals([id, trouble], [id, null]);
  }
  assertEquals(await server.stop(), 0);
  await assertNothingLeft(IDS, { mdevs: before });
}

/**
 * The migration state of a device, read without opening it; null if the kernel does not expose it.
 * Source: `/sys/kernel/debug/vfio/DEVICE/migration/state`, since Linux 6.8 with CONFIG_VFIO_DEBUGFS.
 */
function stateOf(id: string): string | null {
  try {
    return Deno.readTextFileSync(`/sys/kernel/debug/vfio/${id}/migration/state`).trim();
  } catch {
    return null;
  }
}

/** Whether a process is stopped, and thus not in a system call. */
function isStopped(pid: number): boolean {
  return /^State:\s+[TZ]/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
}

/** Stops and continues a worker until the device is in RESUMING, then kills it. */
async function killInResuming(id: string): Promise<void> {
  const before = mdevs();
  const tasks = await testsOf([{ device: id }], ["cdev"]);
  let stops = 0;
  for (let turn = 0; stateOf(id) !== "RESUMING"; turn++) {
    assert(turn < 20, `${stops} stops, none of them in RESUMING`);
    const worker = await startWorker(tasks);
    for (let ended = !worker.worked; !ended && stateOf(id) !== "RESUMING"; stops++) {
      worker.signal("SIGCONT");
      await sleep(stops % 7);
      worker.signal("SIGSTOP");
      try {
        await until("the worker is stopped", () => isStopped(worker.pid));
        ended = /^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${worker.pid}/status`));
      } catch {
        ended = true;
      }
    }
    worker.signal("SIGKILL");
    await worker.end();
  }
  console.log(`killed in RESUMING at stop ${stops}`);
  assertEquals([stateOf(id), journalled()], ["RESUMING", [`${id}.json`]]);
  // Without the group node, only the cdev is left.
  const { group } = deviceNamed(id).nodes;
  Deno.renameSync(group!, `${group}-away`);
  await using server = await startServer(...OPTIONS);
  const { nodes, trouble } = (await call(`${server.url}/v1/devices/${id}`)).json();
  assertEquals([nodes.group, trouble, stateOf(id)], [null, null, "RUNNING"]);
  await server.stop();
  Deno.renameSync(`${group}-away`, group!);
  await assertNothingLeft(IDS, { mdevs: before });
}

async function recoverWhileServing(): Promise<void> {
  const before = mdevs();
  const tasks = await testsOf([{ device: MTTY_2_IDLE }]);
  await using server = await startServer(...OPTIONS);
  const made = { type: "mtty-2", parent: "mtty" };
  for (
    const [what, targets] of [["device", [{ device: MTTY_2_IDLE }]], ["mdev", [made]]] as const
  ) {
    const more = what === "device" ? tasks : await testsOf(targets);
    const found = () => journalled().length > 0 || mdevs().length > before.length;
    await killWhile(more, found);
    const started = performance.now();
    const { devices } = (await call(`${server.url}/v1/devices`)).json();
    const troubled = devices.filter(({ trouble }: Json) => trouble).length;
    await until("the journal and the mdevs are cleaned up", () => !found());
    console.log(
      `${what}: ${troubled} in trouble, recovered after ${
        (performance.now() - started).toFixed(0)
      } ms`,
    );
    await until("the server reports no trouble", async () => {
      const { devices } = (await call(`${server.url}/v1/devices`)).json();
      return devices.every(({ trouble }: Json) => !trouble);
    });
  }
  assertEquals(processes().includes(server.pid), true);
  assertEquals(await server.stop(), 0);
  await assertNothingLeft(IDS, { mdevs: before });
}

/** Describes what a process does, for the log of a failure. */
function describeProcess(pid: string | undefined): string {
  const read = (name: string) => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/${name}`);
    } catch (error) {
      return `${error}`;
    }
  };
  const holders = [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name))
    .flatMap(({ name }) => {
      try {
        return [...Deno.readDirSync(`/proc/${name}/fd`)].flatMap((fd) => {
          const link = Deno.readLinkSync(`/proc/${name}/fd/${fd.name}`);
          return link.includes("journal") ? [`${name} ${link}`] : [];
        });
      } catch {
        return [];
      }
    });
  return [
    read("cmdline"),
    read("status").slice(0, 200),
    read("wchan"),
    read("stack"),
    holders.join("\n"),
    Deno.readTextFileSync("/proc/locks"),
  ].join("\n");
}
