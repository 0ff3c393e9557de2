import { basename, join } from "@std/path";
import { O_WRONLY } from "../../ffi/syscalls.ts";
import { Descriptors, ShortTransfer, withoutInterrupts } from "../device/mod.ts";
import { Failure } from "../documents/mod.ts";
import { errnoOf, findDevice, readHost } from "../host/mod.ts";
import { journal } from "../state/mod.ts";
import type { WorkerResult } from "../tasks/mod.ts";
import type { WorkerWorld } from "./world.ts";

/** How long the node of an mdev may take to appear. */
const NODE_MS = 2_000;

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
  made: { type: string; parent: string; id: string },
  work: (id: string) => Promise<WorkerResult>,
): Promise<WorkerResult> {
  world.onOpening?.(made.id);
  try {
    create(world, made);
    await untilThere(world, made.id);
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

function create(
  world: WorkerWorld,
  { type, parent, id }: { type: string; parent: string; id: string },
): void {
  const types = join(world.roots.sys, "class/mdev_bus", parent, "mdev_supported_types");
  try {
    writeAttribute(world, join(types, type, "create"), id);
  } catch (cause) {
    throw new Failure("kernel", `Cannot make an mdev of ${type} on ${parent}: ${answerOf(cause)}`, {
      subject: type,
      remedy: "Run vfio-ask types to see whether the type has a free instance.",
      cause,
    });
  }
}

/** How often a removal is tried. A second try gets past a short-lived error. */
const REMOVALS = 2;

/**
 * Removes an mdev if it exists, and checks that it is gone. A write to `remove` blocks until no process has it open.
 * Throws a {@link Failure} if the mdev still exists.
 */
export function removeMdev(world: WorkerWorld, id: string): void {
  let cause: unknown;
  for (let turn = 0; turn < REMOVALS && isThere(world, id); turn++) {
    try {
      writeAttribute(world, join(world.roots.sys, "bus/mdev/devices", id, "remove"), "1");
    } catch (error) {
      cause = error;
    }
  }
  if (!isThere(world, id)) return;
  throw new Failure("kernel", `Cannot remove the temporary mdev ${id}: ${answerOf(cause)}`, {
    subject: id,
    remedy: `Remove it: echo 1 > /sys/bus/mdev/devices/${id}/remove`,
    cause,
  });
}

/** Whether an mdev exists. True if that cannot be read. */
function isThere({ roots }: WorkerWorld, id: string): boolean {
  try {
    Deno.lstatSync(join(roots.sys, "bus/mdev/devices", id));
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

/** Writes a text with one write(2), as sysfs requires. */
function writeAttribute(world: WorkerWorld, path: string, text: string): void {
  const calls = world.syscalls();
  const sys = withoutInterrupts(calls);
  using descriptors = new Descriptors(sys);
  const bytes = new TextEncoder().encode(text);
  const moved = sys.write(descriptors.add(sys.open(path, O_WRONLY)), bytes);
  if (moved < bytes.length) {
    throw new ShortTransfer(basename(path), { moved, wanted: bytes.length });
  }
}

function answerOf(cause: unknown): string {
  if (cause === undefined) return "it still exists";
  return cause instanceof ShortTransfer ? cause.message : `kernel answered ${errnoOf(cause)}`;
}

async function untilThere(world: WorkerWorld, id: string): Promise<void> {
  const endMs = performance.now() + NODE_MS;
  for (;;) {
    try {
      const { nodes } = findDevice(world.roots, id);
      if (nodes.cdev !== null || nodes.group !== null) return;
    } catch (error) {
      if (!(error instanceof Failure) || performance.now() > endMs) throw error;
    }
    if (performance.now() > endMs) {
      throw new Failure(
        "kernel",
        `Cannot use the temporary mdev ${id}: it has no node in /dev/vfio`,
        {
          subject: id,
        },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
