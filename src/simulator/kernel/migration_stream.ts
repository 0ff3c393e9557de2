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
export function openSaving(device: DeviceState, migration: MigrationV2): Stream {
  const data = new Uint8Array(migration.stopCopyBytes).fill(FILLER);
  const initial = initialDataOf(migration);
  data.set(initial);
  device.saving = { data, filled: initial.length, position: 0, disabled: false };
  return device.saving;
}

/** Makes the whole stream available. */
export function fillStream(stream: Stream, bytes: number): void {
  stream.filled = bytes;
}

/** Starts resuming with an empty stream. */
export function startResuming(device: DeviceState, migration: MigrationV2): Stream {
  const data = new Uint8Array(migration.stopCopyBytes);
  device.resuming = { data, filled: 0, position: 0, disabled: false };
  return device.resuming;
}

/** Ends open streams: their descriptors return ENODEV from now on. */
export function disableStreams(device: DeviceState): void {
  for (const stream of [device.saving, device.resuming]) {
    if (stream !== null) stream.disabled = true;
  }
  device.saving = null;
  device.resuming = null;
}

/** The file behind a data descriptor. Reads saved data, or writes data to resume. */
export function streamFile(device: DeviceState, stream: Stream): OpenFile {
  const resuming = stream === device.resuming;
  return {
    name: "anon_inode:[vfio-mig]",
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
