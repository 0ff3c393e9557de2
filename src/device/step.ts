import { join } from "@std/path";
import { O_RDWR, type Syscalls } from "../../ffi/syscalls.ts";
import type { Check } from "../documents/mod.ts";
import type { DeviceHandle } from "./handle.ts";

/** The result of trying to open a device. */
export type Opened =
  | { kind: "open"; handle: DeviceHandle }
  | { kind: "in-use"; check: Check }
  | { kind: "not-permitted"; check: Check; remedy: string }
  | { kind: "not-viable"; remedy: string }
  | { kind: "gone"; check: Check };

/** A device of the group is bound to a host driver, so user space cannot use any of them. */
export function notViable(id: string): Opened {
  const remedy = `Bind every device of the IOMMU group of ${id} to a VFIO driver, or to none.`;
  return { kind: "not-viable", remedy };
}

/**
 * What a step concerns: the device itself, or VFIO and its IOMMU. This is what a missing file means is gone.
 */
type StepOf = "device" | "host";

/** A failed system call, with the step of opening that it belongs to. */
export class StepError extends Error {
  constructor(
    readonly step: string,
    override readonly cause: unknown,
    readonly of: StepOf = "host",
  ) {
    super(`${step} failed`);
  }
}

/** Runs one step of opening, and adds its name to an error. */
export function step<T>(name: string, call: () => T, of: StepOf = "host"): T {
  try {
    return call();
  } catch (error) {
    throw error instanceof StepError ? error : new StepError(name, error, of);
  }
}

/** Opens a node of the device itself, given where `/dev` is mounted. */
export function openNode(sys: Syscalls, dev: string, node: string): number {
  const path = join(dev, node.replace(/^\/dev\//, ""));
  return step(`open ${node}`, () => sys.open(path, O_RDWR), "device");
}
