import type { DeviceHandle } from "../device/mod.ts";
import { findDevice, readHost } from "../host/mod.ts";
import { readJournal } from "../state/mod.ts";
import { surveyDevice } from "../probe/mod.ts";
import { type WorkerResult, workerResult } from "../tasks/mod.ts";
import { needsReset, recoverDevice } from "./recover_device.ts";
import { isStillToRemove, remakeMdev } from "./remake_mdev.ts";
import { notDone } from "./with_device.ts";
import { withJournal } from "./with_journal.ts";
import type { WorkerWorld } from "./world.ts";

/**
 * Repairs a device that an operator named: reads its migration state, resets it if that is not RUNNING, and reads it
 * again. If the reset does not help, `remake` removes an mdev and creates it again. First finishes what a killed process
 * left of an mdev that is gone.
 *
 * Effect: opens and may reset the device, or removes and creates it. A device that a process holds is not touched.
 */
export async function repairDevice(
  world: WorkerWorld,
  { device: id, remake }: { device: string; remake: boolean },
  { deadlineMs }: { deadlineMs: number },
): Promise<WorkerResult> {
  const { bootId } = readHost(world.roots);
  const entries = readJournal(world.stateDirectory, bootId);
  const left = entries.find(({ device, alive }) => device === id && !alive);
  const isUnfinished = left?.what === "temporary-mdev" ||
    (left?.what === "remake" && !isStillToRemove(world, left));
  if (isUnfinished) return await recoverDevice(world, id, { deadlineMs, settleMs: 0 });
  const device = findDevice(world.roots, id);
  const survey = (handle: DeviceHandle) => {
    const result = surveyDevice(handle, id);
    return { result, isAtRest: !needsReset(result.problems) };
  };
  const came = await withJournal(world, id, survey, { first: null });
  const { problems } = came;
  if ("unavailable" in came) return { ...notDone(came.unavailable), problems };
  const { was, state, problems: met } = came.done;
  if (!needsReset(met)) {
    const by = was === state ? "nothing" as const : "reset" as const;
    const found = { of: "repair" as const, by, was, state };
    return workerResult("done", { found, problems });
  }
  const told = met.find(({ code }) => code === "needs-reset")!;
  if (!remake || device.kind !== "mdev") {
    const remedy = device.kind === "mdev"
      ? `Run vfio-ask recover --remake ${id}.`
      : "Bind the device to its driver again, or reboot the host.";
    return workerResult("failed", { sentence: told.sentence, remedy, problems });
  }
  await remakeMdev(world, device, { deadlineMs });
  const after = await withJournal(world, id, survey, { first: null });
  if ("unavailable" in after) return notDone(after.unavailable);
  if (needsReset(after.done.problems)) {
    const sentence = `${id} was created again, and is not in RUNNING`;
    return workerResult("failed", { sentence, problems });
  }
  const found = { of: "repair" as const, by: "remade" as const, was, state: after.done.state };
  return workerResult("done", { found, problems });
}
