import { join } from "@std/path";
import type { HostRoots } from "../../host/roots.ts";
import type { DeviceState } from "./kernel.ts";

/** The kernel's names of the states, by number. Source: `vfio_device_state_read()` of Linux 6.12. */
const NAMES = [
  "ERROR",
  "STOP",
  "RUNNING",
  "STOP_COPY",
  "RESUMING",
  "RUNNING_P2P",
  "PRE_COPY",
  "PRE_COPY_P2P",
];

/** The file that shows the migration state of a device. */
export function statePath({ sys }: HostRoots, id: string): string {
  return join(sys, "kernel/debug/vfio", id, "migration/state");
}

/**
 * Lets a device that keeps its state begin in the state that its file in debugfs has, and shows each new state there:
 * so it keeps its state from one simulated kernel to the next. Does nothing without a file; a test plants it.
 */
export function showState(roots: HostRoots, device: DeviceState): void {
  const { migration } = device.vfio;
  if (migration?.uapi !== "v2" || !migration.keepsStateOnClose) return;
  const path = statePath(roots, device.id);
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch {
    return;
  }
  let state = Math.max(NAMES.indexOf(text.trim()), 0);
  Object.defineProperty(device, "state", {
    enumerable: true,
    get: () => state,
    set(next: number) {
      state = next;
      Deno.writeTextFileSync(path, `${NAMES[next]}\n`);
    },
  });
}
