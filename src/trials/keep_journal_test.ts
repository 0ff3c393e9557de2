import { assertEquals } from "@std/assert";
import { until } from "../../tests/fixtures/fake_worker.ts";
import { programCommand } from "../../tests/fixtures/run_cli.ts";
import { NO_PROGRAM, type SimulatedWorld, simulateWorld } from "../../tests/fixtures/world.ts";
import type { Problem } from "../documents/mod.ts";
import { findDevice, readHost } from "../host/mod.ts";
import { journal, readJournal } from "../state/journal.ts";
import { openAccess } from "../access/mod.ts";
import { keepJournal } from "./keep_journal.ts";
import { openWorker } from "../children/worker.ts";

/** An idle mdev of the simulated host. */
const GPU = "c40d81ae-6b92-4e1f-8d37-0f5a29e6b703";
const OPTIONS = { settleMs: 0, lookMs: 10 };

const entryOf = ({ world }: SimulatedWorld) => {
  const { bootId } = readHost(world.roots);
  const { bound } = findDevice(world.roots, GPU);
  return { device: GPU, what: "preflight", bootId, bound, untilMs: 0 } as const;
};
const left = ({ world }: SimulatedWorld) =>
  readJournal(world.stateDirectory, readHost(world.roots).bootId).map(({ device }) => device);

Deno.test("keepJournal() recovers a device as soon as its process has ended", async () => {
  await using host = simulateWorld("gpu-host");
  const { roots, stateDirectory } = host.world;
  const where = Object.entries({ sysfs: roots.sys, dev: roots.dev, proc: roots.proc });
  const options = where.flatMap(([name, path]) => [`--${name}`, path]);
  await using worker = openWorker([
    ...programCommand(),
    ...["worker", "--state", stateDirectory!, "--simulate", "gpu-host", ...options],
  ], { deadlineMs: 60_000 });
  const problems: Problem[] = [];
  await using _keeper = keepJournal({
    ...host.world,
    access: openAccess({ ...host.world, worker }),
  }, {
    ...OPTIONS,
    onProblems: (met) => problems.push(...met),
  });
  const written = journal(stateDirectory, entryOf(host));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assertEquals(left(host), [GPU]);
  written.keep();
  await until("the entry is struck", () => left(host).length === 0);
  assertEquals(problems, []);
});

Deno.test("keepJournal() reports a failed recovery once, and tries again later and when the journal changes", async () => {
  await using host = simulateWorld("gpu-host");
  const told: string[] = [];
  const worker = openWorker(NO_PROGRAM, { deadlineMs: 60_000 });
  await using _keeper = keepJournal({
    ...host.world,
    access: openAccess({ ...host.world, worker }),
  }, {
    ...OPTIONS,
    onProblems: (met) => told.push(...met.map(({ sentence }) => sentence)),
  });
  journal(host.world.stateDirectory, entryOf(host)).keep();
  await until("it is said", () => told.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals([told.length, left(host)], [1, [GPU]]);
});

Deno.test("keepJournal() notices an entry soon after a long time without any", async () => {
  await using host = simulateWorld("gpu-host");
  const told: string[] = [];
  const worker = openWorker(NO_PROGRAM, { deadlineMs: 60_000 });
  const access = openAccess({ ...host.world, worker });
  await using _keeper = keepJournal({ ...host.world, access }, {
    ...OPTIONS,
    onProblems: (met) => told.push(...met.map(({ sentence }) => sentence)),
  });
  // Now it has read an empty journal, and reads it again only after a minute.
  await new Promise((resolve) => setTimeout(resolve, 200));
  journal(host.world.stateDirectory, entryOf(host)).keep();
  await until("it is said", () => told.length > 0);
});
