import { readHost } from "../host/mod.ts";
import { journal } from "../state/mod.ts";
import type { WorkerResult } from "../tasks/mod.ts";
import { createMdev, isThere, type Mdev, removeMdev } from "./mdev.ts";
import type { WorkerWorld } from "./world.ts";

/**
 * Creates an mdev of a type, works with it, and always removes it. The mdev is in the journal before it is created, so
 * that the next start removes it if this process is killed. The entry is removed when the mdev is gone.
 *
 * Source: `/sys/class/mdev_bus/P/mdev_supported_types/T/create`, `<mdev>/remove`. Effect: uses one instance of the type
 * in the meantime. Throws a {@link Failure} if the mdev cannot be created or removed.
 */
export async function withTemporaryMdev(
  world: WorkerWorld,
  { type, parent, deadlineMs }: { type: string; parent: string; deadlineMs: number },
  work: (id: string) => Promise<WorkerResult>,
): Promise<WorkerResult> {
  const id = crypto.randomUUID();
  const { bootId } = readHost(world.roots);
  const written = journal(world.stateDirectory, {
    device: id,
    what: "temporary-mdev",
    bootId,
    untilMs: world.now().getTime() + deadlineMs,
  });
  let isGone = false;
  try {
    const result = await workOnMade(world, { type, parent, id }, work);
    isGone = true;
    // The mdev is gone, so its last state does not matter.
    const problems = result.problems.filter(({ code }) => code !== "needs-reset");
    return { ...result, problems: [...problems, ...written.strike()] };
  } finally {
    if (!isGone) leaveEntry(world, id, written);
  }
}

async function workOnMade(
  world: WorkerWorld,
  made: Mdev,
  work: (id: string) => Promise<WorkerResult>,
): Promise<WorkerResult> {
  world.onOpening?.(made.id);
  try {
    await createMdev(world, made);
    return await work(made.id);
  } finally {
    removeMdev(world, made.id);
  }
}

/** After a failure. Removes the entry if the mdev is gone anyway. */
function leaveEntry(world: WorkerWorld, id: string, written: ReturnType<typeof journal>): void {
  if (isThere(world, id)) written.keep();
  else written.strike();
}
