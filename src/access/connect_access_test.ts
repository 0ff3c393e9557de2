import { join } from "@std/path";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { until } from "../../tests/fixtures/fake_worker.ts";
import { openWorkerService } from "../../tests/fixtures/worker_service.ts";
import { mttyOutcome } from "../../tests/fixtures/outcome.ts";
import { type SimulatedWorld, simulateWorld } from "../../tests/fixtures/world.ts";
import { Failure, type Outcome } from "../documents/mod.ts";
import { readLedger } from "../ledger/mod.ts";
import { loadObservations } from "../state/mod.ts";
import { readHost } from "../host/mod.ts";
import { capabilitiesOf } from "../tasks/mod.ts";
import { connectAccess, type ConnectOptions } from "./connect_access.ts";
import { runTasks } from "./run_tasks.ts";

const IDLE = "c40d81ae-6b92-4e1f-8d37-0f5a29e6b703";
const probe = { do: "probe", device: IDLE, path: "any" } as const;

/** A simulated host, its worker service, and the access of a server. */
function open(options: ConnectOptions = {}, worker: readonly string[] = []) {
  const host: SimulatedWorld = simulateWorld("gpu-host");
  const service = openWorkerService(host, { scenario: "gpu-host", options: worker });
  const access = connectAccess(service.path, options);
  return {
    host,
    service,
    access,
    async [Symbol.asyncDispose]() {
      await access[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

Deno.test("connectAccess() connects for the first request, and reads the holders as this process does", async () => {
  await using side = open();
  assertEquals(side.service.started, []);
  assertEquals(await side.access.readHolders(), await side.host.world.access.readHolders());
  assertEquals(side.service.started.length, 1);
  assertEquals(await side.access.isRunnable(1), await side.host.world.access.isRunnable(1));
});

Deno.test("Access.readMachines() reads the machines through the worker service, as this process does", async () => {
  const host = simulateWorld("mixed");
  const service = openWorkerService(host, { scenario: "mixed" });
  const access = connectAccess(service.path);
  try {
    const found = await access.readMachines({ xmlOf: "console", secrets: false });
    assertEquals(found.machines.map(({ name, pid }) => [name, pid]), [
      ["console", 4711],
      ["crypto", 5120],
    ]);
    const own = await host.world.access.readMachines({ xmlOf: "console", secrets: false });
    assertEquals(found, own);
  } finally {
    await access[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  }
});

Deno.test("Access.run() probes through the worker service, which saves the answer", async () => {
  await using side = open();
  const [result] = await runTasks(side.access, [probe]);
  assertEquals([result!.outcome, capabilitiesOf(result!)?.device], ["done", IDLE]);
  const saved = () => {
    const { roots, stateDirectory } = side.host.world;
    return Object.keys(loadObservations(stateDirectory, readHost(roots).bootId).byDevice);
  };
  assertEquals(saved(), []);
  assertEquals(await side.access.whileLocked(() => side.access.save()), []);
  assertEquals(saved().map((key) => key.split(" ")[0]), [IDLE]);
  assertEquals(side.service.started.length, 1);
});

Deno.test("Access.whileLocked() excludes this host's commands, and the end of the connection unlocks", async () => {
  await using side = open();
  const commands = side.host.world.access;
  let isInside = false;
  await side.access.whileLocked(async () => {
    isInside = true;
    const other = commands.whileLocked(() => Promise.resolve(assert(!isInside)));
    await side.access.readHolders();
    isInside = false;
    // Ends the connection: the other one goes on at once.
    await side.access[Symbol.asyncDispose]();
    await other;
  });
});

Deno.test("Access.run() refuses a task without the lock", async () => {
  await using side = open();
  await assertRejects(() => side.access.run(probe), Failure, "A task needs the lock");
});

Deno.test("Access.run() gives the refusal of the worker's own configuration", async () => {
  await using side = open({}, ["--probe=never"]);
  const [result] = await runTasks(side.access, [probe]);
  assertEquals([result!.outcome, result!.found], ["not-permitted", null]);
  assertStringIncludes(result!.sentence, "probes are off");
});

Deno.test("Access.run() gives the refusal of the worker's configuration file, whose other fields it ignores", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const fields = { schema: "vfio-ask/config/v1", listen: "none", drivers: ["mtty"] };
    await Deno.writeTextFile(file, JSON.stringify(fields));
    await using side = open({}, ["--config", file]);
    const [result] = await runTasks(side.access, [probe]);
    assertEquals(result!.outcome, "not-permitted");
    assertStringIncludes(result!.remedy!, "--drivers");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("Access.run() has failed if the worker service is killed, and the next one starts another", async () => {
  await using side = open();
  const done = side.access.whileLocked(async () => {
    for (const pid of side.service.running) Deno.kill(pid, "SIGKILL");
    return await side.access.run(probe).catch((error) => error);
  });
  const result = await done;
  assert(result instanceof Failure || result?.outcome === "failed");
  const [next] = await runTasks(side.access, [probe]);
  assertEquals(next!.outcome, "done");
  assertEquals(side.service.started.length, 2);
});

Deno.test("an idle connection is closed, the worker service ends, and the next request starts another", async () => {
  await using side = open({ idleMs: 1 });
  await side.access.readHolders();
  await until("it has ended", () => side.service.running.size === 0);
  await side.access.readHolders();
  assertEquals(side.service.started.length, 2);
});

Deno.test("an old connection is closed after a request", async () => {
  await using side = open({ maxAgeMs: 0 });
  await side.access.readHolders();
  await until("it has ended", () => side.service.running.size === 0);
});

Deno.test("connectAccess() throws a failure that names a missing socket", async () => {
  await using access = connectAccess("/nowhere/worker.sock");
  const failure = await assertRejects(() => access.readHolders(), Failure, "/nowhere/worker.sock");
  assertEquals(failure.code, "unavailable");
});

Deno.test("Access.record() adds an outcome through the worker service, which checks it again", async () => {
  await using side = open();
  const { stateDirectory } = side.host.world;
  const outcome = mttyOutcome({ vm: "web-1" });
  assertEquals(await side.access.record([outcome, outcome]), []);
  assertEquals(readLedger(stateDirectory).outcomes, [outcome, outcome]);
  const wrong = { ...outcome, result: "perhaps" } as unknown as Outcome;
  const problems = await side.access.record([wrong]);
  assertEquals(problems.map(({ code }) => code), ["unavailable"]);
  assertEquals(readLedger(stateDirectory).outcomes.length, 2);
  const facts = { much: "x".repeat(100_000) };
  const [tooLong] = await side.access.record([
    { ...outcome, source: { ...outcome.source, facts } },
  ]);
  assertEquals(tooLong!.code, "bad-input");
});

Deno.test("Access.readStates() reads what the kernel shows through the worker service", async () => {
  await using side = open();
  assertEquals(await side.access.readStates([IDLE]), new Map());
  const path = join(side.host.world.roots.sys, "kernel/debug/vfio", IDLE, "migration");
  Deno.mkdirSync(path, { recursive: true });
  Deno.writeTextFileSync(join(path, "state"), "RESUMING\n");
  assertEquals(
    await side.access.readStates([IDLE, "gone"]),
    new Map([[IDLE, "resuming"]] as const),
  );
});
