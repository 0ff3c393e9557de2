import { SysError } from "../../ffi/errno.ts";
import { type DeviceHandle, openDevice } from "../device/mod.ts";
import { type Check, Failure, type Holder } from "../documents/mod.ts";
import { findDevice, readHolders, type SysfsDevice, takeTurns } from "../host/mod.ts";
import { leftAlone, leftAloneMs, type WorkerResult, workerResult } from "../tasks/mod.ts";
import type { WorkerWorld } from "./world.ts";

/** Why a device could not be used. */
export interface Unavailable {
  outcome: "in-use" | "new" | "not-permitted" | "not-viable" | "gone" | "failed";
  sentence: string;
  remedy: string | null;
  check: Check | null;
  holder: Holder | null;
}

/** How a device is opened. */
export interface OpenOptions {
  path?: "any" | "cdev" | "group";
  /** A device newer than this is not opened. */
  settleMs?: number;
  /** Called right before the device is opened. If it throws, the device is not opened. */
  beforeOpening?: (device: SysfsDevice) => void;
}

/**
 * Opens an idle device, works with it, and closes it. Does not open a device that a process holds according to `/proc`,
 * or that is newer than `settleMs`. Effect: opens, see `openDevice`. Never throws: errors are returned.
 */
export async function withIdleDevice<T>(
  world: WorkerWorld,
  id: string,
  work: (handle: DeviceHandle, device: SysfsDevice) => T | Promise<T>,
  { path = "any", settleMs = 0, beforeOpening = () => {} }: OpenOptions = {},
): Promise<{ done: T } | { unavailable: Unavailable }> {
  const not = (
    outcome: Unavailable["outcome"],
    sentence: string,
    rest: Partial<Unavailable> = {},
  ) => ({
    unavailable: { outcome, sentence, remedy: null, check: null, holder: null, ...rest },
  });
  try {
    const device = findDevice(world.roots, id);
    const holder = await holderOf(world, device);
    if (holder !== null) {
      return not("in-use", `${id} is in use by ${holder.name} (pid ${holder.pid})`, { holder });
    }
    const settling = { settleMs, nowMs: world.now().getTime() };
    const { since } = device.nodes;
    if (leftAloneMs(since, settling) > 0) {
      const { sentence, remedy } = leftAlone({ id, since }, settling);
      return not("new", sentence, { remedy });
    }
    beforeOpening(device);
    const sys = world.syscalls();
    world.onOpening?.(id);
    const opened = openDevice(sys, world.roots, device, path);
    switch (opened.kind) {
      case "open": {
        using handle = opened.handle;
        return { done: await work(handle, device) };
      }
      case "in-use":
        return not("in-use", `${id} is in use`, { check: opened.check });
      case "not-permitted":
        return not(
          "not-permitted",
          `${id} may not be opened: kernel answered ${opened.check.errno}`,
          {
            check: opened.check,
            remedy: opened.remedy,
          },
        );
      case "not-viable":
        return not("not-viable", `${id} is in an IOMMU group that is not viable`, {
          remedy: opened.remedy,
        });
      case "gone":
        return not("gone", `${id} no longer exists`, { check: opened.check });
    }
  } catch (error) {
    return { unavailable: unforeseen(error, id) };
  }
}

/** The result of a task whose device could not be used. */
export function notDone(why: Unavailable): WorkerResult {
  return workerResult(why.outcome, why);
}

async function holderOf({ roots }: WorkerWorld, { nodes }: SysfsDevice): Promise<Holder | null> {
  const { byNode } = await readHolders(roots, new Set(), takeTurns(Infinity));
  for (const node of [nodes.cdev, nodes.group]) {
    const holder = node === null ? undefined : byNode.get(node);
    if (holder !== undefined) return holder;
  }
  return null;
}

function unforeseen(error: unknown, id: string): Unavailable {
  const failed = (sentence: string, rest: Partial<Unavailable> = {}): Unavailable => ({
    outcome: "failed",
    sentence,
    remedy: null,
    check: null,
    holder: null,
    ...rest,
  });
  if (error instanceof SysError) {
    const check = { step: error.call, errno: error.code };
    return failed(`${id} could not be asked: ${error.message}`, { check });
  }
  if (error instanceof Failure) {
    const { message, remedy, cause, code } = error;
    const check = cause instanceof SysError ? { step: cause.call, errno: cause.code } : null;
    return {
      ...failed(message, { remedy, check }),
      ...(code === "in-use" ? { outcome: "in-use" } : {}),
    };
  }
  return failed(`${id} could not be asked: ${error instanceof Error ? error.message : error}`);
}
