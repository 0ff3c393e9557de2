import { basename, join } from "@std/path";
import { O_WRONLY } from "../../ffi/syscalls.ts";
import { Descriptors, ShortTransfer, withoutInterrupts } from "../device/mod.ts";
import { Failure } from "../documents/mod.ts";
import { errnoOf, findDevice } from "../host/mod.ts";
import type { WorkerWorld } from "./world.ts";

/** How long the node of an mdev may take to appear. */
const NODE_MS = 2_000;

/** A mediated device: its UUID, and what it is created of. */
export interface Mdev {
  id: string;
  type: string;
  parent: string;
}

/**
 * Creates an mdev, and waits until it has a node.
 *
 * Source: `/sys/class/mdev_bus/P/mdev_supported_types/T/create`. Effect: uses one instance of the type. Throws a
 * {@link Failure} if the mdev cannot be created, or gets no node.
 */
export async function createMdev(world: WorkerWorld, { id, type, parent }: Mdev): Promise<void> {
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
  await untilThere(world, id);
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
  throw new Failure("kernel", `Cannot remove the mdev ${id}: ${answerOf(cause)}`, {
    subject: id,
    remedy: `Remove it: echo 1 > /sys/bus/mdev/devices/${id}/remove`,
    cause,
  });
}

/** Whether an mdev exists. True if that cannot be read. */
export function isThere({ roots }: WorkerWorld, id: string): boolean {
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
        `Cannot use the mdev ${id}: it has no node in /dev/vfio`,
        {
          subject: id,
        },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
