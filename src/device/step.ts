import { join } from "@std/path";
import { O_RDWR, type Syscalls } from "../../ffi/syscalls.ts";
import type { Check } from "../documents/mod.ts";
import type { DeviceHandle } from "./handle.ts";

/** What came of trying to open a device. */
export type Opened =
  | { kind: "open"; handle: DeviceHandle }
  | { kind: "in-use"; check: Check }
  | { kind: "not-permitted"; check: Check; remedy: string }
  | { kind: "not-viable"; remedy: string }
  | { kind: "gone"; check: Check };

/** Some device of the group is bound to a driver of the host, so that user space may have none of them. */
export function notViable(id: string): Opened {
  const remedy = `Bind every device of the IOMMU group of ${id} to a VFIO driver, or to none.`;
  return { kind: "not-viable", remedy };
}

/** What a step is about, and so what is not there where it says so: the device itself, or VFIO and its IOMMU. */
type StepOf = "device" | "host";

/** A system call that failed, with the step of opening that it was. */
export class StepError extends Error {
  constructor(
    readonly step: string,
    override readonly cause: unknown,
    readonly of: StepOf = "host",
  ) {
    super(`${step} failed`);
  }
}

/** Runs one step of opening, so that an errno can be told with it. */
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
