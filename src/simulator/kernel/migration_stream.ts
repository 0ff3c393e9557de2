import type { Bytes } from "../../../ffi/syscalls.ts";
import { VFIO_MIG_GET_PRECOPY_INFO, vfio_precopy_info } from "../../../ffi/vfio_migration.ts";
import type { MigrationV2 } from "../scenario.ts";
import { type Argument, readSized, reply } from "./argument.ts";
import type { DeviceState, OpenFile, Stream } from "./kernel.ts";
import { isPreCopy, migrationOf } from "./migration_arcs.ts";
import { refuse } from "./refusal.ts";

/** The byte that fills a device's state after its initial data. */
const FILLER = 0x5a;

/** The first bytes of a device's stream. */
export function initialDataOf({ initialData }: { readonly initialData: string | null }): Bytes {
  return initialData === null ? new Uint8Array() : Uint8Array.fromHex(initialData);
}

/** Starts saving: the initial data is available, the rest follows in STOP_COPY. */
export function startSaving(device: DeviceState, migration: MigrationV2): Stream {
  const data = new Uint8Array(migration.stopCopyBytes).fill(FILLER);
  const initial = initialDataOf(migration);
  data.set(initial);
  return device.saving = { data, filled: initial.length, position: 0, disabled: false };
}

/** Starts resuming with an empty stream. */
export function startResuming(device: DeviceState, { stopCopyBytes }: MigrationV2): Stream {
  const data = new Uint8Array(stopCopyBytes);
  return device.resuming = { data, filled: 0, position: 0, disabled: false };
}

/** Ends open streams: their descriptors return ENODEV from now on. */
export function disableStreams(device: DeviceState): void {
  if (device.saving !== null) device.saving.disabled = true;
  if (device.resuming !== null) device.resuming.disabled = true;
  device.saving = device.resuming = null;
}

/** The file behind a data descriptor. Reads saved data, or writes data to resume. */
export function streamFile(device: DeviceState, stream: Stream): OpenFile {
  const resuming = stream === device.resuming;
  return {
    ioctl: (request, argument) =>
      resuming || request !== VFIO_MIG_GET_PRECOPY_INFO
        ? refuse("ENOTTY")
        : getPrecopyInfo(device, stream, argument),
    read: (buffer) => resuming ? refuse("EBADF") : save(device, stream, buffer),
    write: (buffer) => resuming ? resume(device, stream, buffer) : refuse("EBADF"),
  };
}

function getPrecopyInfo(device: DeviceState, stream: Stream, argument: Argument): number {
  readSized(vfio_precopy_info, argument);
  if (stream.disabled) refuse("ENODEV");
  if (!isPreCopy(device.state)) refuse("EINVAL");
  reply(vfio_precopy_info, argument, {
    flags: 0,
    initial_bytes: BigInt(stream.filled - stream.position),
    dirty_bytes: 0n,
  });
  return 0;
}

function save(device: DeviceState, stream: Stream, buffer: Bytes): number {
  if (stream.disabled) refuse("ENODEV");
  const length = Math.min(buffer.length, stream.filled - stream.position);
  const drained = length === 0 && buffer.length > 0 && isPreCopy(device.state);
  if (drained && migrationOf(device).drained === "ENOMSG") refuse("ENOMSG");
  buffer.set(stream.data.subarray(stream.position, stream.position + length));
  stream.position += length;
  return length;
}

/**
 * Accepts data. The driver checks once, at the write that completes the initial data. Refused data stays in the stream,
 * as in the kernel's samples.
 */
function resume(device: DeviceState, stream: Stream, buffer: Bytes): number {
  const migration = migrationOf(device);
  if (stream.disabled) refuse("ENODEV");
  if (stream.filled + buffer.length > migration.stopCopyBytes) refuse("ENOMEM");
  const initial = initialDataOf(migration);
  const crosses = stream.filled < initial.length && stream.filled + buffer.length >= initial.length;
  stream.data.set(buffer, stream.filled);
  stream.filled += buffer.length;
  if (crosses && !initial.every((byte, i) => stream.data[i] === byte)) refuse(migration.refusal);
  return buffer.length;
}
