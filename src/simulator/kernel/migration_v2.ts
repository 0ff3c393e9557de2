import {
  VFIO_DEVICE_STATE_ERROR,
  VFIO_DEVICE_STATE_RESUMING,
  VFIO_DEVICE_STATE_RUNNING,
  VFIO_DEVICE_STATE_STOP_COPY,
} from "../../../ffi/vfio_migration.ts";
import type { MigrationV2 } from "../scenario.ts";
import type { DeviceState, Stream } from "./kernel.ts";
import { isPreCopy, migrationOf, nextState } from "./migration_arcs.ts";
import { disableStreams, fillStream, openSaving, startResuming } from "./migration_stream.ts";
import { refuse } from "./refusal.ts";

/**
 * Takes a device to a state, arc by arc, and gives the stream that the last arc opened, or null. An arc
 * that fails leaves the device where it came to.
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

/** One arc: some load, open or close a stream, the others do nothing that could be seen. */
function step(device: DeviceState, migration: MigrationV2, next: number): Stream | null {
  if (device.state === VFIO_DEVICE_STATE_RESUMING) return load(device, migration);
  if (next === VFIO_DEVICE_STATE_RESUMING) return startResuming(device, migration);
  if (next === VFIO_DEVICE_STATE_STOP_COPY) {
    const opened = device.saving === null ? openSaving(device, migration) : null;
    fillStream(device.saving!, migration.stopCopyBytes);
    return opened;
  }
  if (isPreCopy(next)) return isPreCopy(device.state) ? null : openSaving(device, migration);
  disableStreams(device);
  return null;
}

/** RESUMING → STOP: a stream that is not whole is refused, and the device stays in RESUMING. */
function load(device: DeviceState, migration: MigrationV2): null {
  if (device.resuming === null) {
    throw new Error(`The simulated kernel oopses: ${device.id} left RESUMING without its stream`);
  }
  if (device.resuming.filled < migration.stopCopyBytes) refuse("EINVAL");
  disableStreams(device);
  return null;
}

/** Back to RUNNING, as a reset does from any state. */
export function resetMigration(device: DeviceState): void {
  disableStreams(device);
  device.state = VFIO_DEVICE_STATE_RUNNING;
}

/** The first open: most drivers start afresh, the samples go on in the state that they were left in. */
export function openMigration(device: DeviceState): void {
  const { migration } = device.vfio;
  if (migration?.uapi === "v2" && !migration.keepsStateOnClose) resetMigration(device);
}

/** The last close: streams end with the device's file. */
export function closeMigration(device: DeviceState): void {
  disableStreams(device);
}
