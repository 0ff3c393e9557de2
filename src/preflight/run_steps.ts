import { SysError } from "../../ffi/errno.ts";
import type { Bytes } from "../../ffi/syscalls.ts";
import {
  VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2,
  VFIO_MIG_GET_PRECOPY_INFO,
  vfio_precopy_info,
  VFIO_PRECOPY_INFO_REINIT,
} from "../../ffi/vfio_migration.ts";
import {
  bringToRunning,
  type BroughtBack,
  type DeviceHandle,
  readV1Field,
  readV1State,
  setFeature,
  setState,
  V1_STATES,
  type V1Region,
  writeV1Field,
} from "../device/mod.ts";
import { withoutInterrupts } from "./without_interrupts.ts";
import type { Check } from "../identity/mod.ts";
import type { Step } from "./plan.ts";

/** A chunk of the stream on its way, at most: more is neither read nor kept. */
const MAX_BYTES = 16 << 20;

/** What came of running a plan. */
export interface Ran {
  /** The step that the kernel refused, and how; null where all were taken. */
  refused: { step: Step; check: Check } | null;
  /** The driver's own measure of initial data, null where it was not asked or does not say. */
  initialBytes: number | null;
  /** What was read. */
  data: Bytes | null;
  /** How much of the data the driver took. */
  writtenBytes: number;
}

/** What the steps of one plan share. */
interface Progress extends Ran {
  dataFd: number | null;
  optedIn: boolean;
  /** Of v1: where the chunk that was measured lies, from the region's start. */
  chunkOffset: bigint;
}

/**
 * Runs the steps of a plan on an open device in RUNNING, then takes the way back, whatever came of them.
 *
 * The first step that the kernel refuses ends the run; nothing is written after it. A call that a signal interrupts is
 * made again. Effect: changes state; the device is left in RUNNING, or the second result says that it needs a reset.
 * Throws only what is no answer.
 */
export function runSteps(
  opened: DeviceHandle,
  steps: readonly Step[],
  { id, v1, data: bytes }: { id: string; v1: V1Region | null; data: Bytes },
): { ran: Ran; back: BroughtBack } {
  const device = withoutInterrupts(opened);
  const progress: Progress = {
    refused: null,
    initialBytes: null,
    data: null,
    writtenBytes: 0,
    dataFd: null,
    optedIn: false,
    chunkOffset: 0n,
  };
  try {
    for (const step of steps) {
      const check = attempt(stepName(step, v1), () =>
        runStep(device, step, { v1, source: bytes, progress })) ??
        v1Error(device, step, v1);
      if (check === null) continue;
      progress.refused = { step, check };
      break;
    }
  } finally {
    closeData(device, progress);
  }
  const { refused, initialBytes, data, writtenBytes } = progress;
  const ran = { refused, initialBytes, data, writtenBytes };
  return { ran, back: confirmed(id, bringToRunning(device, id, v1)) };
}

function runStep(
  device: DeviceHandle,
  step: Step,
  { v1, source, progress }: { v1: V1Region | null; source: Bytes; progress: Progress },
): void {
  switch (step.do) {
    case "set-state":
      closeData(device, progress);
      progress.dataFd = setState(device, step.state);
      break;
    case "set-v1-state":
      writeV1Field(device, v1!, "device_state", BigInt(V1_STATES[step.state]));
      break;
    case "opt-in":
      progress.optedIn = optIn(device);
      break;
    case "measure-initial":
      progress.initialBytes = measureInitial(device, progress.dataFd!).initialBytes;
      break;
    case "measure-chunk":
      measureChunk(device, v1!, progress);
      break;
    case "read": {
      const wanted = step.atMostBytes === "initial" ? progress.initialBytes ?? 0 : step.atMostBytes;
      progress.data = readStream(device, v1, progress, Math.min(wanted, MAX_BYTES));
      if (progress.optedIn) progress.data = readAnew(device, progress, progress.data);
      break;
    }
    case "write":
      if (v1 === null) writeStream(device, source, progress);
      else writeChunk(device, v1, source, progress);
      break;
    case "write-size":
      writeV1Field(device, v1!, "data_size", BigInt(progress.writtenBytes));
      break;
  }
}

/** Source: `VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2`, Linux 7.2; older kernels have no such feature. */
function optIn(device: DeviceHandle): boolean {
  try {
    setFeature(device, VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2);
    return true;
  } catch (error) {
    if (error instanceof SysError) return false;
    throw error;
  }
}

/** Source: `VFIO_MIG_GET_PRECOPY_INFO`. `anew` means something only after opting in. */
function measureInitial({ sys }: DeviceHandle, dataFd: number) {
  const info = vfio_precopy_info.make({ argsz: vfio_precopy_info.size });
  sys.ioctl(dataFd, VFIO_MIG_GET_PRECOPY_INFO, info);
  const { initial_bytes, flags } = vfio_precopy_info.read(info);
  return { initialBytes: Number(initial_bytes), anew: (flags & VFIO_PRECOPY_INFO_REINIT) !== 0 };
}

/** Reads what the driver called initial anew meanwhile: it follows in the stream, and so in the data. */
function readAnew(device: DeviceHandle, progress: Progress, data: Bytes): Bytes {
  for (let round = 0; round < 4; round++) {
    const { initialBytes, anew } = measureInitial(device, progress.dataFd!);
    if (!anew || initialBytes === 0 || data.length + initialBytes > MAX_BYTES) break;
    const more = readStream(device, null, progress, initialBytes);
    const longer = new Uint8Array(data.length + more.length);
    longer.set(data);
    longer.set(more, data.length);
    data = longer;
  }
  return data;
}

/** Source: `vfio_device_migration_info`: pending_bytes, then data_offset, which latches, then data_size. */
function measureChunk(device: DeviceHandle, v1: V1Region, progress: Progress): void {
  if (readV1Field(device, v1, "pending_bytes") === 0n) {
    progress.initialBytes = 0;
    return;
  }
  progress.chunkOffset = readV1Field(device, v1, "data_offset");
  progress.initialBytes = Number(readV1Field(device, v1, "data_size"));
}

function readStream(
  { sys, fd }: DeviceHandle,
  v1: V1Region | null,
  { dataFd, chunkOffset }: Progress,
  wanted: number,
): Bytes {
  const bytes = new Uint8Array(wanted);
  let count = 0;
  while (count < wanted) {
    const rest = bytes.subarray(count);
    const got = v1 === null
      ? sys.read(dataFd!, rest)
      : sys.pread(fd, rest, v1.offset + chunkOffset + BigInt(count));
    if (got === 0) break;
    count += got;
  }
  return bytes.slice(0, count);
}

/** A write may be taken in parts; the first that is refused is the last. */
function writeStream({ sys }: DeviceHandle, source: Bytes, progress: Progress): void {
  while (progress.writtenBytes < source.length) {
    const taken = sys.write(progress.dataFd!, source.subarray(progress.writtenBytes));
    if (taken === 0) break;
    progress.writtenBytes += taken;
  }
}

function writeChunk(device: DeviceHandle, v1: V1Region, source: Bytes, progress: Progress): void {
  const at = readV1Field(device, v1, "data_offset");
  const room = v1.size - Number(at);
  const chunk = source.subarray(0, room);
  while (progress.writtenBytes < chunk.length) {
    const offset = v1.offset + at + BigInt(progress.writtenBytes);
    const taken = device.sys.pwrite(device.fd, chunk.subarray(progress.writtenBytes), offset);
    if (taken === 0) break;
    progress.writtenBytes += taken;
  }
}

/** Some v1 drivers take every write and say by the error state that they refuse. */
function v1Error(device: DeviceHandle, step: Step, v1: V1Region | null): Check | null {
  if (v1 === null || readV1State(device, v1) !== "error") return null;
  return { step: `device_state after ${stepName(step, v1)}`, errno: null };
}

function attempt(step: string, run: () => void): Check | null {
  try {
    run();
    return null;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return { step, errno: error.code };
  }
}

function closeData({ sys }: DeviceHandle, progress: Progress): void {
  if (progress.dataFd === null) return;
  const fd = progress.dataFd;
  progress.dataFd = null;
  try {
    sys.close(fd);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
}

/** The expected reset is not reported. A device whose state cannot be read is not taken for one in RUNNING. */
function confirmed(id: string, { state, problems }: BroughtBack): BroughtBack {
  const told = problems.filter(({ code }) => code !== "was-reset");
  if (state === "running" || told.length > 0) return { state, problems: told };
  const sentence = `${id} was tested, and its state cannot be read since`;
  const remedy = "Remove the device and make it again, or reload its driver.";
  return { state, problems: [{ code: "needs-reset", subject: id, sentence, remedy }] };
}

/** What a step is called where it is refused. */
function stepName(step: Step, v1: V1Region | null): string {
  switch (step.do) {
    case "set-state":
      return `state ${step.state.toUpperCase().replaceAll("-", "_")}`;
    case "set-v1-state":
      return `device_state ${step.state}`;
    case "opt-in":
      return "VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2";
    case "measure-initial":
      return "VFIO_MIG_GET_PRECOPY_INFO";
    case "measure-chunk":
      return "pending_bytes";
    case "read":
      return "read";
    case "write":
      return v1 === null ? "write" : "data";
    case "write-size":
      return "data_size";
  }
}
