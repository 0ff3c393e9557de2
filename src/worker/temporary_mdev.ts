import { basename, join } from "@std/path";
import { O_WRONLY } from "../../ffi/syscalls.ts";
import { Descriptors, ShortTransfer, withoutInterrupts } from "../device/mod.ts";
import { Failure } from "../documents/mod.ts";
import { errnoOf, readHost } from "../host/mod.ts";
import { journal } from "../state/mod.ts";
import { findDevice } from "./with_device.ts";
import type { WorkerResult } from "../tasks/mod.ts";
import type { WorkerWorld } from "./world.ts";

/** How long an mdev's node may take to appear. */
const NODE_MS = 2_000;

/**
 * Makes an mdev of a type, works with it, and removes it whatever comes of that. It is journalled before it is
 * made, so that one that a killed process left is removed at the next start, and struck when it is seen to be gone.
 *
 * Source: `/sys/class/mdev_bus/P/mdev_supported_types/T/create`, `<mdev>/remove`. Effect: takes one instance
 * of the type for the time of it. Throws a {@link Failure} where it cannot be made or removed.
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
    // In which state an mdev was that is gone is no problem.
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

/** After a failure: the mdev may be gone all the same. */
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
      remedy: "Look whether the type has a free instance with vfio-ask types.",
      cause,
    });
  }
}

/** How often a removal is tried: what does not last is no reason to leave an mdev. */
const REMOVALS = 2;

/**
 * Removes an mdev, if it is there, and looks whether it is gone. A write to its `remove` waits until nobody has it open.
 * Throws a {@link Failure} where it stays.
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

/** Whether an mdev is there, or may be. */
function isThere({ roots }: WorkerWorld, id: string): boolean {
  try {
    Deno.lstatSync(join(roots.sys, "bus/mdev/devices", id));
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

/** One write(2) of a text, as sysfs takes it. */
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
  if (cause === undefined) return "it is still there";
  return cause instanceof ShortTransfer ? cause.message : `kernel answered ${errnoOf(cause)}`;
}

async function untilThere(world: WorkerWorld, id: string): Promise<void> {
  const endMs = performance.now() + NODE_MS;
  for (;;) {
    try {
      const { nodes } = findDevice(world, id);
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
