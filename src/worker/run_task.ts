import type { DeviceHandle } from "../device/mod.ts";
import { type DriverTest, Failure, mayBeTheHosts } from "../documents/mod.ts";
import { readInitialData, testTarget } from "../preflight/mod.ts";
import { probeDevice, type Survey, surveyDevice } from "../probe/mod.ts";
import { errnoOf, fromLatin1, readHost, type SysfsDevice } from "../host/mod.ts";
import { controlsKey, isControlled, rememberControls } from "../state/mod.ts";
import { addDeclared } from "./declared.ts";
import { repairDevice } from "./repair_device.ts";
import { needsReset, recoverDevice } from "./recover_device.ts";
import { withTemporaryMdev } from "./temporary_mdev.ts";
import { notDone, withIdleDevice } from "./with_device.ts";
import { type AtWork, withJournal } from "./with_journal.ts";
import {
  type OpenPath,
  type TestTarget,
  type WorkerResult,
  workerResult,
  type WorkerTask,
} from "../tasks/mod.ts";
import type { WorkerWorld } from "./world.ts";

/**
 * Does one task in this process. Only the command `worker` calls this. Never throws: an error is an outcome. Effect:
 * that of the task. Devices are left in RUNNING, or stay in the journal.
 */
export async function runTask(
  world: WorkerWorld,
  task: WorkerTask,
  { deadlineMs }: { deadlineMs: number },
): Promise<WorkerResult> {
  const path: OpenPath = "path" in task ? task.path : "any";
  const settleMs = "settleMs" in task ? task.settleMs : 0;
  const until = { deadlineMs, path, settleMs };
  try {
    switch (task.do) {
      case "probe":
        return await probe(world, task);
      case "read-initial-data":
        return await onTarget(world, task.target, until, async ({ handle, device, survey }) => {
          const { id } = device;
          const { migration, v1 } = survey;
          const { stopCopyBytes } = task;
          const read = await readInitialData(handle, { id, migration, v1, stopCopyBytes });
          const { initialData, check, why, problems } = read;
          const found = initialData === null ? null : { of: task.do, initialData };
          return workerResult("done", { found, check, sentence: why ?? "", problems });
        });
      case "test":
        return await onTarget(
          world,
          task.target,
          until,
          (on) => testDevice(world, task, on),
        );
      case "test-version":
        world.onOpening?.(task.attribute);
        return testVersion(task);
      case "recover":
        return await recoverDevice(world, task.device, until);
      case "repair":
        return await repairDevice(world, task, until);
    }
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    const remedy = error instanceof Failure ? error.remedy : null;
    const busy = error instanceof Failure && error.code === "in-use";
    return workerResult(busy ? "in-use" : "failed", { sentence, remedy });
  }
}

/** Asks a device everything. */
async function probe(
  world: WorkerWorld,
  { device: id, path }: Extract<WorkerTask, { do: "probe" }>,
): Promise<WorkerResult> {
  const came = await withJournal(world, id, (handle, device) => {
    const answer = probeDevice(handle, id, world.now());
    return { result: { device, answer }, isAtRest: !needsReset(answer.problems) };
  }, { first: null, path });
  const { problems } = came;
  if ("unavailable" in came) {
    const { sentence, ...result } = notDone(came.unavailable);
    const told = [sentence, ...problems.map((problem) => problem.sentence)].join("; ");
    return { ...result, sentence: told, problems };
  }
  const { device, answer } = came.done;
  const answered = { ...answer, problems: [...answer.problems, ...problems] };
  // The device is closed by now: devlink may ask the firmware, which can be slow.
  const capabilities = addDeclared(world, device, answered);
  const found = { of: "probe" as const, capabilities };
  return workerResult("done", { found, sentence: `${id} answered` });
}

/** Writes a source's data to a device, and makes the controls if this load of the driver has not passed them yet. */
function testDevice(
  world: WorkerWorld,
  { base64, phase, controls }: Extract<WorkerTask, { do: "test" }>,
  { handle, device, survey }: OnDevice,
): WorkerResult {
  const { migration, pciConfig, v1 } = survey;
  const { bootId } = readHost(world.roots);
  const key = controlsKey(device);
  const isKnown = isControlled(world.stateDirectory, bootId, key);
  const { test, problems } = testTarget(handle, {
    id: device.id,
    migration,
    v1,
    source: { data: Uint8Array.fromBase64(base64), phase },
    controls: isKnown ? "remembered" : controls ? "make" : "off",
  });
  if (havePassed(test)) rememberControls(world.stateDirectory, bootId, key);
  const found = { of: "test" as const, test, seen: { migration, pciConfig } };
  return workerResult("done", { found, problems });
}

/** Whether the driver accepted the device's own data and refused every altered copy. */
function havePassed({ own, altered }: DriverTest): boolean {
  return own?.is === "taken" && altered.length > 0 &&
    altered.every(({ handed }) => handed.is === "refused");
}

interface OnDevice {
  handle: DeviceHandle;
  device: SysfsDevice;
  survey: Survey;
}

/** Works on a device that may leave RUNNING, or on a temporary mdev. It is written to the journal first. */
async function onTarget(
  world: WorkerWorld,
  target: TestTarget,
  { deadlineMs, path, settleMs }: { deadlineMs: number; path: OpenPath; settleMs: number },
  work: (on: OnDevice) => WorkerResult | Promise<WorkerResult>,
): Promise<WorkerResult> {
  if ("type" in target) {
    return await withTemporaryMdev(world, { ...target, deadlineMs }, async (id) => {
      const came = await withIdleDevice(world, id, atWork(id, work), { path });
      return "done" in came ? came.done.result : notDone(came.unavailable);
    });
  }
  const { device: id } = target;
  const first = { untilMs: world.now().getTime() + deadlineMs };
  const came = await withJournal(world, id, atWork(id, work), { first, path, settleMs });
  const result = "done" in came ? came.done : notDone(came.unavailable);
  return { ...result, problems: [...result.problems, ...came.problems] };
}

/** Surveys a device, and works with it if it is in RUNNING. */
function atWork(id: string, work: (on: OnDevice) => WorkerResult | Promise<WorkerResult>) {
  return async (handle: DeviceHandle, device: SysfsDevice): Promise<AtWork<WorkerResult>> => {
    const survey = surveyDevice(handle, id);
    if (needsReset(survey.problems)) {
      const sentence = survey.problems.map((problem) => problem.sentence).join("; ");
      const { problems } = survey;
      return { result: workerResult("failed", { sentence, problems }), isAtRest: false };
    }
    const result = await work({ handle, device, survey });
    return { result, isAtRest: !needsReset(result.problems) };
  };
}

/**
 * Tests a version by the version attribute: the driver accepts the whole write, or refuses it.
 *
 * Source: `migration_version` as proposed in 2019 and 2020, where ENODEV means that the target cannot migrate. Effect:
 * only what the driver does.
 */
function testVersion({ attribute, version }: { attribute: string; version: string }): WorkerResult {
  const bytes = fromLatin1(version);
  if (bytes === null || bytes.length === 0 || bytes.length > 4096) {
    return workerResult("failed", {
      sentence: "the version is empty, longer than 4096 bytes, or has characters above U+00FF",
    });
  }
  const file = Deno.openSync(attribute, { write: true });
  try {
    return writeVersion(file, bytes);
  } finally {
    file.close();
  }
}

/** Writes all bytes with one write(2), as a sysfs attribute requires. Tries again once if the host may be the cause. */
function writeVersion(file: Deno.FsFile, bytes: Uint8Array): WorkerResult {
  for (let turn = 1;; turn++) {
    try {
      const is = file.writeSync(bytes) === bytes.length ? "taken" : "partly-taken";
      return workerResult("done", { found: { of: "test-version", version: { is } } });
    } catch (error) {
      const errno = errnoOf(error);
      const isUnclear = errno !== "ENODEV" && mayBeTheHosts(errno);
      if (isUnclear && turn === 1) continue;
      return isUnclear
        ? workerResult("failed", { sentence: `kernel answered ${errno}` })
        : workerResult("done", {
          found: { of: "test-version", version: { is: "refused", errno } },
        });
    }
  }
}
