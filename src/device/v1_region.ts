import type { Bytes } from "../../ffi/syscalls.ts";
import {
  vfio_device_migration_info,
  VFIO_DEVICE_STATE_V1_RESUMING,
  VFIO_DEVICE_STATE_V1_RUNNING,
  VFIO_DEVICE_STATE_V1_SAVING,
  VFIO_DEVICE_STATE_V1_STOP,
} from "../../ffi/vfio_migration.ts";
import type { DeviceHandle } from "./handle.ts";
import { ShortTransfer } from "./short_transfer.ts";

/** The location of the uapi v1 migration region in the device's descriptor, in bytes. */
export interface V1Region {
  offset: bigint;
  size: number;
}

/** The legal v1 states by name. Every other combination of bits is illegal, except the error state. */
export const V1_STATES = {
  "stop": VFIO_DEVICE_STATE_V1_STOP,
  "running": VFIO_DEVICE_STATE_V1_RUNNING,
  "stop-copy": VFIO_DEVICE_STATE_V1_SAVING,
  "pre-copy": VFIO_DEVICE_STATE_V1_RUNNING | VFIO_DEVICE_STATE_V1_SAVING,
  "resuming": VFIO_DEVICE_STATE_V1_RESUMING,
} as const;
export type V1State = keyof typeof V1_STATES;

/** Set by a driver if a transition failed. The device is lost until a reset. */
export const V1_ERROR = VFIO_DEVICE_STATE_V1_SAVING | VFIO_DEVICE_STATE_V1_RESUMING;
const V1_MASK = V1_ERROR | VFIO_DEVICE_STATE_V1_RUNNING;

/** The name of a `device_state` value: a legal state, `error`, or `illegal-N`. */
export function v1StateName(bits: number): string {
  const known = bits & V1_MASK;
  if (known === V1_ERROR) return "error";
  const legal = Object.entries(V1_STATES).find(([, value]) => value === known);
  return legal?.[0] ?? `illegal-${known}`;
}

/** Source: `vfio_device_migration_info.device_state`. Effect: none. Throws like {@link readV1Field}. */
export function readV1State(device: DeviceHandle, region: V1Region): string {
  return v1StateName(Number(readV1Field(device, region, "device_state")));
}

type Field = keyof typeof vfio_device_migration_info.fields;

/**
 * Reads a field of `vfio_device_migration_info`. Throws {@link SysError}, and {@link ShortTransfer} if less than the
 * field was read. Effect: depends on the driver; reading latches.
 */
export function readV1Field({ sys, fd }: DeviceHandle, region: V1Region, field: Field): bigint {
  const bytes = fieldBytes(field);
  const moved = sys.pread(fd, bytes, at(region, field));
  if (moved < bytes.length) throw new ShortTransfer(field, { moved, wanted: bytes.length });
  const view = new DataView(bytes.buffer);
  return bytes.length === 4 ? BigInt(view.getUint32(0, true)) : view.getBigUint64(0, true);
}

/** Writes a field. Throws like {@link readV1Field}. Effect: changes the device's state. */
export function writeV1Field(
  { sys, fd }: DeviceHandle,
  region: V1Region,
  field: Field,
  value: bigint,
): void {
  const bytes = fieldBytes(field);
  const view = new DataView(bytes.buffer);
  if (bytes.length === 4) view.setUint32(0, Number(value), true);
  else view.setBigUint64(0, value, true);
  const moved = sys.pwrite(fd, bytes, at(region, field));
  if (moved < bytes.length) throw new ShortTransfer(field, { moved, wanted: bytes.length });
}

function at({ offset }: V1Region, field: Field): bigint {
  return offset + BigInt(vfio_device_migration_info.fields[field][1]);
}

function fieldBytes(field: Field): Bytes {
  return new Uint8Array(vfio_device_migration_info.fields[field][0] === "u32" ? 4 : 8);
}
