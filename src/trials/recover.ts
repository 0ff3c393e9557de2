import type { Problem } from "../documents/mod.ts";
import { readHost } from "../host/mod.ts";
import { readJournal } from "../state/mod.ts";
import { runWorker } from "../children/mod.ts";
import type { World } from "../view/mod.ts";
import type { PreflightPolicy } from "./policy.ts";

/**
 * Puts right every device that an earlier process left in another state than RUNNING, and removes every mdev
 * that it made; gives a problem for each that could not be, and says which have gone. Whoever is still at work is left
 * alone, and a new device too.
 *
 * Effect: resets and removes, in a child process; a device that somebody holds is not touched.
 */
export async function recoverDevices(
  world: World,
  { settleMs, signal }: Pick<PreflightPolicy, "settleMs"> & { signal?: AbortSignal },
): Promise<Problem[]> {
  const { bootId } = readHost(world.roots);
  const left = readJournal(world.stateDirectory, bootId).filter(({ alive }) => !alive);
  if (left.length === 0) return [];
  const tasks = left.map(({ device }) => ({ do: "recover", device, settleMs }) as const);
  const results = await runWorker(world, tasks, { signal });
  return results.flatMap(({ outcome, sentence, remedy, problems }, index) => {
    // A new device says by its trouble that it is not right, until it has settled.
    if (outcome === "done" || outcome === "new") return problems;
    const { device: subject } = left[index]!;
    const code = outcome === "failed" ? "needs-reset" : outcome;
    return [
      { code, subject, sentence: sentence || `${subject} could not be put right`, remedy },
      ...problems,
    ];
  });
}
