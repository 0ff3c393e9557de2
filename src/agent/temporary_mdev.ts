import { join } from "@std/path";
import { Failure } from "../identity/mod.ts";
import { errnoOf, readHost } from "../sysfs/mod.ts";
import { journal } from "./journal.ts";
import { findDevice } from "./with_device.ts";
import type { World } from "./world.ts";

/** How long an mdev's node may take to appear. */
const NODE_MS = 2_000;

/**
 * Makes an mdev of a type, works with it, and removes it whatever comes of that. It is journalled before it is
 * made, so that one that a killed process left is removed at the next start.
 *
 * Source: `/sys/class/mdev_bus/P/mdev_supported_types/T/create`, `<mdev>/remove`. Effect: takes one instance
 * of the type for the time of it. Throws a {@link Failure} where it cannot be made or removed.
 */
export async function withTemporaryMdev<T>(
  world: World,
  { type, parent, deadlineMs }: { type: string; parent: string; deadlineMs: number },
  work: (id: string) => Promise<T>,
): Promise<T> {
  const id = crypto.randomUUID();
  const { bootId } = readHost(world.roots);
  const written = journal(world.stateDirectory, {
    device: id,
    what: "temporary-mdev",
    bootId,
    untilMs: world.now().getTime() + deadlineMs,
  });
  world.onOpening?.(id);
  try {
    create(world, { type, parent, id });
    await untilThere(world, id);
    return await work(id);
  } finally {
    removeMdev(world, id);
    written.strike();
  }
}

function create(
  { roots }: World,
  { type, parent, id }: { type: string; parent: string; id: string },
): void {
  const path = join(roots.sys, "class/mdev_bus", parent, "mdev_supported_types", type, "create");
  try {
    Deno.writeTextFileSync(path, id, { create: false });
  } catch (cause) {
    throw new Failure(
      "kernel",
      `Cannot make an mdev of ${type} on ${parent}: kernel answered ${errnoOf(cause)}`,
      {
        subject: type,
        remedy: "Look whether the type has a free instance with vfio-ask types.",
        cause,
      },
    );
  }
}

/** Removes an mdev, if it is there. A write to its `remove` waits until nobody has it open. */
export function removeMdev({ roots }: World, id: string): void {
  try {
    Deno.writeTextFileSync(join(roots.sys, "bus/mdev/devices", id, "remove"), "1", {
      create: false,
    });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return;
    throw new Failure("kernel", `Cannot remove the temporary mdev ${id}`, {
      subject: id,
      remedy: `Remove it: echo 1 > /sys/bus/mdev/devices/${id}/remove`,
      cause,
    });
  }
}

async function untilThere(world: World, id: string): Promise<void> {
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
