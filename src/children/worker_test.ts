import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import {
  fakeWorker,
  type Habit,
  isRunning,
  startedIn,
  until,
} from "../../tests/fixtures/fake_worker.ts";
import { NO_PROGRAM } from "../../tests/fixtures/world.ts";
import { Failure } from "../documents/mod.ts";
import { openWorker, type Worker, type WorkerOptions } from "./worker.ts";

/** The deadline of a device. A normal answer takes much less. */
const DEADLINE_MS = 4_000;

interface Team extends AsyncDisposable {
  worker: Worker;
  /** Asks devices one after the other; returns `device outcome` for each. */
  ask(...devices: string[]): Promise<string[]>;
  /** The processes that were started, including grandchildren. */
  started(): number[];
  running(): number[];
}

/** A worker whose children behave in a given way for each device. */
function openTeam(
  habits: Readonly<Record<string, Habit>> = {},
  { chunk, ...options }: { chunk?: number } & Partial<WorkerOptions> = {},
): Team {
  const folder = Deno.makeTempDirSync({ prefix: "vfio-ask-test-" });
  const script = { habits, folder, ...(chunk === undefined ? {} : { chunk }) };
  const worker = openWorker(fakeWorker(script), { deadlineMs: DEADLINE_MS, ...options });
  const running = () => startedIn(folder).filter(isRunning);
  return {
    worker,
    async ask(...devices) {
      const asked = devices.map(async (device) => {
        const { outcome } = await worker.run({ do: "probe", device, path: "any" });
        return `${device} ${outcome}`;
      });
      return await Promise.all(asked);
    },
    started: () => startedIn(folder),
    running,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      for (const pid of running()) Deno.kill(pid, "SIGKILL");
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const probe = (device: string) => ({ do: "probe", device, path: "any" }) as const;

Deno.test("openWorker() starts no child before the first task", async () => {
  await using team = openTeam();
  assertEquals([team.started(), [...team.worker.pids]], [[], []]);
});

Deno.test("Worker.run() runs tasks of every kind in one child, in order", async () => {
  await using team = openTeam();
  assertEquals(await team.ask("b", "a"), ["b done", "a done"]);
  const tested = await team.worker.run({
    do: "test",
    target: { device: "c" },
    path: "any",
    settleMs: 0,
    base64: "",
    phase: "pre-copy",
    controls: true,
  });
  assertEquals([tested.outcome, tested.sentence], ["done", "c answered"]);
  const recovered = await team.worker.run({ do: "recover", device: "d", settleMs: 0 });
  assertEquals(recovered.outcome, "done");
  assertEquals(team.started(), [...team.worker.pids]);
  assertEquals(team.started().length, 1);
});

Deno.test("Worker.run() joins results that come in odd chunks", async () => {
  await using team = openTeam({}, { chunk: 97 });
  assertEquals(await team.ask("first", "zweites-gerät"), ["first done", "zweites-gerät done"]);
});

Deno.test("Worker.run() kills a child that hangs and runs the next task in another", async () => {
  await using team = openTeam({ b: "hang" });
  const stuck = team.worker.run(probe("b"));
  // The second task waits while the first hangs: a deadline starts when the device of its own task is opened.
  assertEquals(await team.ask("c"), ["c done"]);
  const { outcome, sentence } = await stuck;
  assertEquals([outcome, sentence], ["stuck", `b did not answer within ${DEADLINE_MS} ms`]);
  assertEquals([team.started().length, team.running()], [2, [...team.worker.pids]]);
});

Deno.test("Worker.run() does not count the child's own work, even if it is slow on a busy machine", async () => {
  await using team = openTeam({ a: "toil" }, { deadlineMs: 400 });
  assertEquals(await team.ask("a"), ["a done"]);
});

Deno.test("Worker.run() does not call a device stuck that the child never opened", async () => {
  await using team = openTeam({ a: "late" }, { reachMs: DEADLINE_MS });
  const { outcome, sentence } = await team.worker.run(probe("a"));
  assertEquals(outcome, "failed");
  assertStringIncludes(sentence, "a was not opened");
  assertEquals(await team.ask("b"), ["b done"]);
});

Deno.test("Worker.run() continues after a child died, and its device has failed", async () => {
  await using team = openTeam({ b: "die" });
  assertEquals(await team.ask("a", "b", "c"), ["a done", "b failed", "c done"]);
  const { sentence } = await team.worker.run(probe("b"));
  assertEquals([sentence, team.started().length], ["The worker process died while it used b", 2]);
});

Deno.test("Worker.run() does not lose a task if the idle child was killed", async () => {
  await using team = openTeam();
  assertEquals(await team.ask("a"), ["a done"]);
  const [pid] = team.started();
  Deno.kill(pid!, "SIGKILL");
  assertEquals(await team.ask("b"), ["b done"]);
});

Deno.test("Worker.run() treats a child as dead that prints an invalid result", async () => {
  await using team = openTeam({ b: "garbage" });
  assertEquals(await team.ask("a", "b", "c"), ["a done", "b failed", "c done"]);
});

Deno.test("Worker.run() does not wait for other processes that hold the pipes of a killed child", async () => {
  // The same holds for a child that is stuck in the kernel and cannot be killed.
  await using team = openTeam({ a: "orphan" });
  assertEquals(await team.ask("a", "b"), ["a stuck", "b done"]);
  const [, orphan] = team.running();
  assert(orphan !== undefined, "the grandchild still runs");
});

Deno.test("a process that a worker leaves behind holds no pipes of the parent", async () => {
  const folder = await Deno.makeTempDir({ prefix: "vfio-ask-test-" });
  try {
    const script = JSON.stringify({ habits: { a: "orphan" }, folder });
    const asker = fromFileUrl(import.meta.resolve("../../tests/fixtures/ask_worker.ts"));
    const args = ["run", "--no-check", "--quiet", "-A", asker, script, "a"];
    // Ends when no process has its standard output and standard error open.
    const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    assertEquals(new TextDecoder().decode(stdout), "a stuck\n");
    assertEquals(startedIn(folder).filter(isRunning).length, 1, "the grandchild still runs");
  } finally {
    for (const pid of startedIn(folder).filter(isRunning)) Deno.kill(pid, "SIGKILL");
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Worker.run() ends a task at once if its signal is aborted, and starts no other", async () => {
  await using team = openTeam({ a: "hang" }, { deadlineMs: 60_000 });
  const end = new AbortController();
  const asked = team.worker.run(probe("a"), { signal: end.signal });
  await until("it was started", () => team.started().length > 0);
  end.abort();
  assertEquals((await asked).outcome, "failed");
  assertEquals((await team.worker.run(probe("b"), { signal: end.signal })).outcome, "failed");
  assertEquals([team.started().length, team.running()], [1, []]);
});

Deno.test("an idle worker is ended after a while, and started again when needed", async () => {
  await using team = openTeam({}, { idleMs: 1 });
  assertEquals(await team.ask("a"), ["a done"]);
  await until("it has ended", () => team.worker.pids.size === 0);
  assertEquals(team.running(), []);
  assertEquals(await team.ask("b"), ["b done"]);
  assertEquals(team.started().length, 2);
});

Deno.test("a worker that is disposed of leaves no process, whatever the child does", async () => {
  const team = openTeam({ a: "linger", b: "hang" }, { deadlineMs: 60_000 });
  try {
    assertEquals(await team.ask("a"), ["a done"]);
    const asked = team.worker.run(probe("b"));
    await team.worker[Symbol.asyncDispose]();
    assertEquals((await asked).outcome, "failed");
    assertEquals([team.running(), [...team.worker.pids]], [[], []]);
    assertEquals((await team.worker.run(probe("c"))).outcome, "failed");
    assertEquals(team.started().length, 1);
  } finally {
    await team[Symbol.asyncDispose]();
  }
});

Deno.test("Worker.run() throws a failure that names a missing program", async () => {
  await using worker = openWorker(NO_PROGRAM, { deadlineMs: DEADLINE_MS });
  for (const device of ["a", "b"]) {
    await assertRejects(() => worker.run(probe(device)), Failure, NO_PROGRAM[0]);
  }
});
