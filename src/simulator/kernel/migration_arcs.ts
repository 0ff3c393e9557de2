import {
  VFIO_DEVICE_STATE_ERROR,
  VFIO_DEVICE_STATE_PRE_COPY,
  VFIO_DEVICE_STATE_PRE_COPY_P2P,
} from "../../../ffi/vfio_migration.ts";
import type { MigrationV2 } from "../scenario.ts";
import type { DeviceState } from "./kernel.ts";
import { refuse } from "./refusal.ts";

/**
 * The next state, by current state (row) and target state (column), both numbered as in `enum vfio_device_mig_state`:
 * ERROR 0, STOP 1, RUNNING 2, STOP_COPY 3, RESUMING 4, RUNNING_P2P 5, PRE_COPY 6, PRE_COPY_P2P 7.
 *
 * Source: `vfio_mig_get_next_state()` in `drivers/vfio/vfio_main.c`, Linux 6.12.
 */
const NEXT: readonly (readonly number[])[] = [
  [0, 0, 0, 0, 0, 0, 0, 0],
  [0, 1, 5, 3, 4, 5, 5, 5],
  [0, 5, 2, 5, 5, 5, 6, 5],
  [0, 1, 1, 3, 1, 1, 0, 0],
  [0, 1, 1, 1, 4, 1, 1, 1],
  [0, 1, 2, 1, 1, 5, 2, 7],
  [0, 2, 2, 7, 2, 2, 6, 7],
  [0, 5, 5, 3, 5, 5, 6, 7],
];

/** The optional features that a state requires, by its number. */
const NEEDS: readonly (readonly MigrationV2["flags"][number][])[] = [
  [],
  ["stop-copy"],
  ["stop-copy"],
  ["stop-copy"],
  ["stop-copy"],
  ["stop-copy", "p2p"],
  ["stop-copy", "pre-copy"],
  ["stop-copy", "p2p", "pre-copy"],
];

/** The next state on the path, or ERROR if there is no path. Skips states that the device lacks. */
export function nextState({ flags }: MigrationV2, from: number, to: number): number {
  const supported = (state: number) => NEEDS[state]?.every((need) => flags.includes(need)) ?? false;
  if (!supported(to)) return VFIO_DEVICE_STATE_ERROR;
  let next = NEXT[from]?.[to] ?? VFIO_DEVICE_STATE_ERROR;
  while (next !== VFIO_DEVICE_STATE_ERROR && !supported(next)) {
    next = NEXT[next]?.[to] ?? VFIO_DEVICE_STATE_ERROR;
  }
  return next;
}

/** Whether the device still runs in a state while its data is read. */
export function isPreCopy(state: number): boolean {
  return state === VFIO_DEVICE_STATE_PRE_COPY || state === VFIO_DEVICE_STATE_PRE_COPY_P2P;
}

/** The device's v2 description. Refuses with ENOTTY if it has none. */
export function migrationOf(device: DeviceState): MigrationV2 {
  const { migration } = device.vfio;
  return migration?.uapi === "v2" ? migration : refuse("ENOTTY");
}
