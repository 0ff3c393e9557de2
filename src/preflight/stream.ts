import { SysError } from "../../ffi/errno.ts";
import type { Bytes } from "../../ffi/syscalls.ts";
import {
  VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2,
  vfio_device_migration_info,
  VFIO_MIG_GET_PRECOPY_INFO,
  vfio_precopy_info,
  VFIO_PRECOPY_INFO_REINIT,
} from "../../ffi/vfio_migration.ts";
import {
  type DeviceHandle,
  readV1Field,
  setFeature,
  ShortTransfer,
  type V1Region,
} from "../device/mod.ts";

/** The maximum size of a chunk of the stream. More is neither read nor kept. */
const MAX_BYTES = 16 << 20;

/** A device's stream of migration data, and the progress of one run. */
export interface Stream {
  device: DeviceHandle;
  v1: V1Region | null;
  /** v2: the descriptor for reading and writing data. */
  dataFd: number | null;
  /** The size of the initial data that the driver reports. Null if it was not asked. */
  initialBytes: number | null;
  /** v2: whether `anew` is valid. */
  optedIn: boolean;
  /** v1: the position of data in the region, and its current or maximum size. */
  chunk: { offset: bigint; bytes: number };
  /** The data that was read. */
  data: Bytes | null;
  /** How much of the data was accepted. */
  writtenBytes: number;
}

/** Source: `VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2`, Linux 7.2. ENOTTY means that the kernel lacks the feature. */
export function optIn(device: DeviceHandle): boolean {
  try {
    setFeature(device, VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2);
    return true;
  } catch (error) {
    if (error instanceof SysError && error.code === "ENOTTY") return false;
    throw error;
  }
}

/** Source: `VFIO_MIG_GET_PRECOPY_INFO`. `anew` is valid only after opting in. */
export function measureInitial({ device, dataFd }: Stream) {
  const info = vfio_precopy_info.make({ argsz: vfio_precopy_info.size });
  device.sys.ioctl(dataFd!, VFIO_MIG_GET_PRECOPY_INFO, info);
  const { initial_bytes, flags } = vfio_precopy_info.read(info);
  return { initialBytes: Number(initial_bytes), anew: (flags & VFIO_PRECOPY_INFO_REINIT) !== 0 };
}

/** Source: `vfio_device_migration_info`: pending_bytes, then data_offset, which latches, then data_size. */
export function measureChunk(stream: Stream, v1: V1Region): void {
  const { device } = stream;
  if (readV1Field(device, v1, "pending_bytes") === 0n) {
    stream.initialBytes = 0;
    return;
  }
  findRoom(stream, v1);
  stream.initialBytes = Number(readV1Field(device, v1, "data_size"));
  if (stream.initialBytes > stream.chunk.bytes) {
    throw new ShortTransfer("data section", {
      moved: stream.chunk.bytes,
      wanted: stream.initialBytes,
    });
  }
}

/**
 * Source: `vfio_device_migration_info.data_offset`. The driver's value is checked: data moves only inside its region,
 * after the registers.
 */
export function findRoom(stream: Stream, v1: V1Region): void {
  const offset = readV1Field(stream.device, v1, "data_offset");
  const room = BigInt(v1.size) - offset;
  const isInside = offset >= BigInt(vfio_device_migration_info.size) && room > 0n;
  if (!isInside) throw new ShortTransfer("data section", { moved: 0, wanted: 1 });
  stream.chunk = { offset, bytes: Number(room) };
}

/**
 * Reads from the stream: at most this many bytes, or exactly the initial data, all of which must arrive. Throws {@link
 * SysError}, {@link ShortTransfer}.
 */
export function readStream(stream: Stream, atMostBytes: number | "initial"): Bytes {
  const { device: { sys, fd }, v1, dataFd, chunk, initialBytes } = stream;
  const wanted = atMostBytes === "initial" ? initialBytes ?? 0 : atMostBytes;
  const bytes = new Uint8Array(Math.min(wanted, MAX_BYTES));
  let count = 0;
  while (count < bytes.length) {
    const rest = bytes.subarray(count);
    const got = v1 === null
      ? sys.read(dataFd!, rest)
      : sys.pread(fd, rest, v1.offset + chunk.offset + BigInt(count));
    if (got === 0) break;
    count += got;
  }
  if (atMostBytes === "initial" && count < bytes.length) {
    throw new ShortTransfer("initial data", { moved: count, wanted: bytes.length });
  }
  return bytes.slice(0, count);
}

/**
 * Reads what the driver has meanwhile reported as initial again. It follows in the stream, and is appended to the data.
 */
export function readAnew(stream: Stream, data: Bytes): Bytes {
  for (let round = 0; round < 4; round++) {
    const { initialBytes, anew } = measureInitial(stream);
    if (!anew || initialBytes === 0 || data.length + initialBytes > MAX_BYTES) break;
    stream.initialBytes = initialBytes;
    const more = readStream(stream, "initial");
    const longer = new Uint8Array(data.length + more.length);
    longer.set(data);
    longer.set(more, data.length);
    data = longer;
  }
  return data;
}

/** A write may be accepted in parts. The first refused part is the last. */
export function writeStream(stream: Stream, source: Bytes): void {
  const { device: { sys }, dataFd } = stream;
  writeAll(stream, source, (rest) => sys.write(dataFd!, rest));
}

/** Writes as much as fits in the region's data section. */
export function writeChunk(stream: Stream, v1: V1Region, source: Bytes): void {
  const { device: { sys, fd }, chunk: { offset, bytes } } = stream;
  const at = v1.offset + offset;
  writeAll(
    stream,
    source.subarray(0, bytes),
    (rest) => sys.pwrite(fd, rest, at + BigInt(stream.writtenBytes)),
  );
}

function writeAll(stream: Stream, bytes: Bytes, write: (rest: Bytes) => number): void {
  while (stream.writtenBytes < bytes.length) {
    const taken = write(bytes.subarray(stream.writtenBytes));
    if (taken === 0) break;
    stream.writtenBytes += taken;
  }
}
