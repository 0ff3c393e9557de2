import type { Problem } from "../documents/mod.ts";
import { readHost } from "../host/mod.ts";
import { readJournal } from "../state/mod.ts";
import { type PreflightPolicy, runTasks } from "../access/mod.ts";
import type { World } from "../view/mod.ts";

/** The devices of the journal that no process is working on. Source: the state directory. Effect: as `readJournal`. */
export function leftDevices({ stateDirectory }: World, bootId: string | null): string[] {
  return readJournal(stateDirectory, bootId).filter(({ alive }) => !alive)
    .map(({ device }) => device);
}

/**
 * Recovers every device that an earlier process left in a state other than RUNNING, and removes every mdev that it
 * created. Gives a problem for each failure and for each device that is gone. Skips new devices, and devices that a
 * process is still testing.
 *
 * Effect: resets devices and removes mdevs, in a child process. A device that a process holds is not touched.
 */
export async function recoverDevices(
  world: World,
  { settleMs, signal }: Pick<PreflightPolicy, "settleMs"> & { signal?: AbortSignal },
): Promise<Problem[]> {
  const { bootId } = readHost(world.roots);
  const left = readJournal(world.stateDirectory, bootId).filter(({ alive }) => !alive);
  if (left.length === 0) return [];
  const tasks = left.map(({ device }) => ({ do: "recover", device, settleMs }) as const);
  const results = await runTasks(world.access, tasks, { signal });
  return results.flatMap(({ outcome, sentence, remedy, problems }, index) => {
    // The snapshot already shows the trouble of a new device until it has settled.
    if (outcome === "done" || outcome === "new") return problems;
    const { device: subject } = left[index]!;
    const code = outcome === "failed" ? "needs-reset" : outcome;
    return [
      { code, subject, sentence: sentence || `Cannot recover ${subject}`, remedy },
      ...problems,
    ];
  });
}
