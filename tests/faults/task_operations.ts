import type { Syscalls } from "../../ffi/syscalls.ts";
import { controlsKey, rememberControls } from "../../src/state/controls.ts";
import { journal, readJournal } from "../../src/state/journal.ts";
import { noObservations } from "../../src/state/mod.ts";
import { runTask, type WorkerWorld } from "../../src/worker/mod.ts";
import { takeSnapshot } from "../../src/view/mod.ts";
import { capabilitiesOf, type WorkerTask } from "../../src/tasks/mod.ts";
import { ask, judgeDriver } from "../../src/judge/ask/mod.ts";
import { readHost } from "../../src/host/mod.ts";
import { mttyIdentity } from "../fixtures/identity.ts";
import { quietWorld, type TestWorld } from "../fixtures/world.ts";
import { DEVICES, type FaultHost, nameOf, writeTo } from "./host.ts";
import type { Left, Operation, Outcome } from "./run_faults.ts";

const OPTIONS = { deadlineMs: 1000 };
/** An mdev that a killed process created. */
const MDEV = "00000000-0000-4000-8000-00000000000a";
/** The initial data of mtty-2: magic, version 1.0, two ports, no flags. */
const MTTY_2 = Uint8Array.fromHex("4e2c3e8c89099d7e010000000000000002000000" + "00000000")
  .toBase64();

/** The world of a host whose devices are opened by these calls. */
function worldOn({ roots, stateDirectory }: FaultHost, sys: Syscalls): TestWorld {
  return quietWorld(roots, { stateDirectory, syscalls: () => sys });
}

async function runIn(world: WorkerWorld, task: WorkerTask): Promise<Outcome> {
  const result = await runTask(world, task, OPTIONS);
  const { outcome, sentence, found } = result;
  const capabilities = capabilitiesOf(result);
  const verdict = found?.of !== "test" || task.do !== "test" ? null : judgeDriver({
    driver: "driver",
    test: found.test,
    source: { bytes: Uint8Array.fromBase64(task.base64).length, phase: task.phase },
    declared: null,
  }).verdict;
  return {
    outcome,
    sentence,
    problems: [...result.problems, ...capabilities?.problems ?? []],
    verdict,
    capabilities,
    initialBytes: found?.of === "read-initial-data" ? found.initialData.bytes : null,
  };
}

/** A task of the worker. It must leave the device in RUNNING or an entry in the journal. */
function operation(
  device: string,
  task: WorkerTask,
  { name, ...rest }: { name: string } & Partial<Operation>,
): Operation {
  return {
    name,
    device,
    mayEnd: false,
    hasOwnToShow: true,
    run: (host, sys) => runIn(worldOn(host, sys), task),
    check: (left) => checkLeft(left, { device, isRecovery: task.do === "recover" }),
    ...rest,
  };
}

function leave(host: FaultHost, device: string, what: "preflight" | "temporary-mdev"): void {
  const { bootId } = readHost(host.roots);
  journal(host.stateDirectory, { device, what, bootId, untilMs: 0 }).keep();
}

/** All operations of the worker on devices. */
export function listTaskOperations(): Operation[] {
  const { v2, v1 } = DEVICES;
  const data = { do: "read-initial-data", path: "any", settleMs: 0, stopCopyBytes: null } as const;
  const test = {
    do: "test",
    path: "any",
    settleMs: 0,
    base64: MTTY_2,
    phase: "pre-copy",
    controls: true,
  } as const;
  const made = { type: "mtty-2", parent: "mtty" };
  const remember = (host: FaultHost) =>
    rememberControls(
      host.stateDirectory,
      readHost(host.roots).bootId,
      controlsKey(host.find(v2)),
    );
  const left = (device: string, state: string): Operation =>
    operation(device, { do: "recover", device, settleMs: 0 }, {
      name: `recover ${nameOf(device)}, left in ${state}`,
      prepare(host, kernel) {
        leave(host, device, "preflight");
        kernel.leaveIn(device, state);
      },
    });
  const probe = (device: string, state: string): Operation =>
    operation(device, { do: "probe", device, path: "any" }, {
      name: `probe ${nameOf(device)}, found in ${state}`,
      prepare: (_, kernel) => kernel.leaveIn(device, state),
    });
  return [
    probe(v2, "running"),
    probe(v2, "resuming"),
    probe(v1, "error"),
    operation(v2, { ...data, target: { device: v2 } }, { name: "identity of v2" }),
    operation(v1, { ...data, target: { device: v1 } }, { name: "identity of v1" }),
    operation(v2, { ...test, target: { device: v2 } }, { name: "test v2" }),
    operation(v2, { ...test, target: { device: v2 } }, {
      name: "test v2, controls remembered",
      prepare: remember,
    }),
    operation(v1, { ...test, target: { device: v1 } }, { name: "test v1" }),
    operation(v2, { ...data, target: made }, { name: "identity of an mdev created for it" }),
    operation(v2, { ...test, target: made }, { name: "test an mdev created for it" }),
    left(v2, "resuming"),
    left(v2, "error"),
    left(v1, "error"),
    operation(v2, { do: "recover", device: MDEV, settleMs: 0 }, {
      name: "remove a leftover mdev",
      prepare(host, kernel) {
        leave(host, MDEV, "temporary-mdev");
        const create = "class/mdev_bus/mtty/mdev_supported_types/mtty-2/create";
        writeTo(kernel, `${host.roots.sys}/${create}`, MDEV);
      },
    }),
  ];
}

/** What is left but not journalled, reported or refused, and entries that are still locked. */
async function checkLeft(
  { host, kernel, outcome, state, wasOpened }: Left,
  { device, isRecovery }: { device: string; isRecovery: boolean },
): Promise<string[]> {
  const found: string[] = [];
  const entries = readJournal(host.stateDirectory, readHost(host.roots).bootId);
  const isJournalled = (id: string) => entries.some((entry) => entry.device === id);
  const needsReset = outcome.problems.filter(({ code }) => code === "needs-reset");
  const isTold = (id: string) =>
    needsReset.some(({ subject }) => subject === id) ||
    (outcome.outcome !== "done" && outcome.sentence.includes(id));
  for (const { device: id, alive } of entries) {
    if (alive) found.push(`the entry of ${id} is still locked`);
    if (!isTold(id)) found.push("it is journalled but not reported");
    found.push(...await checkRefused(host, kernel, id));
  }
  for (const id of kernel.mdevs) {
    if (!isJournalled(id)) found.push("an mdev is left but not journalled");
  }
  if (needsReset.length > 0 && entries.length === 0) {
    found.push("it is reported but not journalled");
  }
  const isRunning = state === null || state === "running";
  if (!isRunning && (wasOpened || isRecovery) && !isJournalled(device)) {
    found.push(`it is in ${state} but not journalled`);
  }
  return found;
}

/** Results by device. They depend only on the name in the journal. */
const refused = new Map<string, string[]>();

/** Checks that a journalled device is refused. */
async function checkRefused(host: FaultHost, sys: Syscalls, id: string): Promise<string[]> {
  const known = refused.get(id);
  if (known !== undefined) return known;
  const { bootId } = readHost(host.roots);
  const snapshot = await takeSnapshot(worldOn(host, sys), { observations: noObservations(bootId) });
  const { offers, refusals } = ask(snapshot, mttyIdentity());
  const isOf = ({ configuration }: { configuration: { id?: string | undefined } }) =>
    configuration.id === id;
  const codes = refusals.filter(isOf).flatMap(({ reasons }) => reasons.map(({ code }) => code));
  const isRefused = !offers.some(isOf) && codes.includes("NeedsReset");
  refused.set(id, isRefused ? [] : ["it is journalled but not refused"]);
  return refused.get(id)!;
}
