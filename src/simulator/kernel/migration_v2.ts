import {
  VFIO_DEVICE_STATE_ERROR,
  VFIO_DEVICE_STATE_RESUMING,
  VFIO_DEVICE_STATE_RUNNING,
  VFIO_DEVICE_STATE_STOP_COPY,
} from "../../../ffi/vfio_migration.ts";
import type { MigrationV2 } from "../scenario.ts";
import type { DeviceState, Stream } from "./kernel.ts";
import { isPreCopy, migrationOf, nextState } from "./migration_arcs.ts";
import { disableStreams, startResuming, startSaving } from "./migration_stream.ts";
import { refuse } from "./refusal.ts";

/**
 * Takes a device to a state, arc by arc, and returns the stream opened by the last arc, or null. A failed arc leaves
 * the device where it is.
 */
export function setState(device: DeviceState, to: number): Stream | null {
  const migration = migrationOf(device);
  let opened: Stream | null = null;
  while (device.state !== to) {
    const next = nextState(migration, device.state, to);
    if (next === VFIO_DEVICE_STATE_ERROR) refuse("EINVAL");
    opened = step(device, migration, next);
    device.state = next;
  }
  return opened;
}

/** One arc: some load, open or close a stream. Others have no visible effect. */
function step(device: DeviceState, migration: MigrationV2, next: number): Stream | null {
  if (device.state === VFIO_DEVICE_STATE_RESUMING) checkResumed(device, migration);
  if (next === VFIO_DEVICE_STATE_RESUMING) return startResuming(device, migration);
  if (next === VFIO_DEVICE_STATE_STOP_COPY) {
    const opened = device.saving === null ? startSaving(device, migration) : null;
    device.saving!.filled = migration.stopCopyBytes;
    return opened;
  }
  if (isPreCopy(next)) return isPreCopy(device.state) ? null : startSaving(device, migration);
  disableStreams(device);
  return null;
}

/** RESUMING → STOP: refuses an incomplete stream, and the device stays in RESUMING. */
function checkResumed(device: DeviceState, migration: MigrationV2): void {
  if (device.resuming === null) {
    throw new Error(`The simulated kernel oopses: ${device.id} left RESUMING without its stream`);
  }
  if (device.resuming.filled < migration.stopCopyBytes) refuse("EINVAL");
}

/** Returns to RUNNING, as a reset does from any state. */
export function resetMigration(device: DeviceState): void {
  disableStreams(device);
  device.state = VFIO_DEVICE_STATE_RUNNING;
}
