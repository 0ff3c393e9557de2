import type { Bytes } from "../../../ffi/syscalls.ts";
import {
  vfio_device_migration_info,
  VFIO_DEVICE_STATE_V1_RESUMING,
  VFIO_DEVICE_STATE_V1_RUNNING,
  VFIO_DEVICE_STATE_V1_SAVING,
} from "../../../ffi/vfio_migration.ts";
import type { MigrationV1 } from "../scenario.ts";
import type { DeviceState } from "./kernel.ts";
import { initialDataOf } from "./migration_stream.ts";
import { refuse } from "./refusal.ts";

/** The value of `device_state` after a failure. Only a reset leaves it. */
export const VFIO_DEVICE_STATE_V1_ERROR = VFIO_DEVICE_STATE_V1_SAVING |
  VFIO_DEVICE_STATE_V1_RESUMING;

/** STOP, RUNNING, SAVING, both, RESUMING: the combinations that a user may write. */
const LEGAL: ReadonlySet<number> = new Set([
  0,
  VFIO_DEVICE_STATE_V1_RUNNING,
  VFIO_DEVICE_STATE_V1_SAVING,
  VFIO_DEVICE_STATE_V1_RUNNING | VFIO_DEVICE_STATE_V1_SAVING,
  VFIO_DEVICE_STATE_V1_RESUMING,
]);

const { device_state, pending_bytes, data_size } = vfio_device_migration_info.fields;

/** Reads the migration region: first the registers, then data from the data section's offset on. */
export function readRegisters(device: DeviceState, into: Bytes, offset: number): void {
  const migration = v1Of(device);
  const { v1 } = device;
  if (offset >= migration.dataOffset) {
    into.set(v1.data.subarray(offset - migration.dataOffset).subarray(0, into.length));
    return;
  }
  // Reading pending_bytes means that the previous chunk has been read.
  if (offset === pending_bytes[1] && v1.offered) v1.pending = 0;
  v1.offered = offset === data_size[1] && v1.pending > 0;
  const registers = vfio_device_migration_info.make({
    device_state: v1.state,
    pending_bytes: BigInt(v1.pending),
    data_offset: BigInt(migration.dataOffset),
    data_size: BigInt(v1.pending),
  });
  into.set(registers.subarray(offset, offset + into.length));
}

/** Writes the migration region: a state, data, or how much data was written. */
export function writeRegisters(device: DeviceState, from: Bytes, offset: number): void {
  const migration = v1Of(device);
  if (offset >= migration.dataOffset) {
    device.v1.data.set(from, offset - migration.dataOffset);
    return;
  }
  const view = new DataView(from.buffer, from.byteOffset, from.length);
  if (offset === device_state[1] && from.length === 4) setState(device, view.getUint32(0, true));
  else if (offset === data_size[1] && from.length === 8) {
    receive(device, migration, Number(view.getBigUint64(0, true)));
  } else refuse("EINVAL");
}

/** Returns to RUNNING, with nothing pending. */
export function resetRegisters({ v1 }: DeviceState): void {
  v1.state = VFIO_DEVICE_STATE_V1_RUNNING;
  v1.pending = 0;
  v1.offered = false;
  v1.received = [];
}

function v1Of(device: DeviceState): MigrationV1 {
  const { migration } = device.vfio;
  return migration?.uapi === "v1" ? migration : refuse("EINVAL");
}

/** The first saving state makes the initial data pending. Stopping makes all data pending. */
function setState(device: DeviceState, state: number): void {
  const { v1 } = device;
  if (!LEGAL.has(state) || v1.state === VFIO_DEVICE_STATE_V1_ERROR) refuse("EINVAL");
  const initial = initialDataOf(v1Of(device));
  v1.state = state;
  v1.received = [];
  v1.pending = (state & VFIO_DEVICE_STATE_V1_SAVING) === 0
    ? 0
    : (state & VFIO_DEVICE_STATE_V1_RUNNING) === 0
    ? v1.data.length
    : initial.length;
  if (v1.pending > 0) v1.data.set(initial);
}

function receive(device: DeviceState, migration: MigrationV1, bytes: number): void {
  const { v1 } = device;
  if (v1.state !== VFIO_DEVICE_STATE_V1_RESUMING || bytes > v1.data.length) refuse("EINVAL");
  const initial = initialDataOf(migration);
  const before = v1.received.length;
  v1.received.push(...v1.data.subarray(0, bytes));
  const crosses = before < initial.length && v1.received.length >= initial.length;
  if (!crosses || initial.every((byte, i) => v1.received[i] === byte)) return;
  v1.state = VFIO_DEVICE_STATE_V1_ERROR;
  refuse(migration.refusal);
}
