import { SysError } from "../../ffi/errno.ts";
import type { Bytes } from "../../ffi/syscalls.ts";
import {
  type BroughtBack,
  type DeviceHandle,
  leaveByReset,
  readV1State,
  setState,
  ShortTransfer,
  V1_STATES,
  type V1Region,
  writeV1Field,
} from "../device/mod.ts";
import type { Check } from "../documents/mod.ts";
import type { Step } from "./list_steps.ts";
import {
  findRoom,
  measureChunk,
  measureInitial,
  optIn,
  readAnew,
  readStream,
  type Stream,
  writeChunk,
  writeStream,
} from "./stream.ts";

/** The step at which a run stopped early. */
export interface Stopped {
  step: Step;
  check: Check;
  /** Whether this was the driver's answer. False if the transfer was short or the state could not be read. */
  isAnswer: boolean;
}

/** The result of running steps. */
export interface Ran {
  /** Null if all steps succeeded. */
  stopped: Stopped | null;
  /** The data that was read. */
  data: Bytes | null;
  /** How much of the data the driver accepted. */
  writtenBytes: number;
}

/**
 * Runs steps on an open device in RUNNING, then always resets it.
 *
 * The first failed step ends the run. Nothing is written after it. Effect: changes state. Afterwards the device reports
 * RUNNING, or the second result says that it needs a reset. Throws only unexpected errors.
 */
export function runSteps(
  device: DeviceHandle,
  steps: readonly Step[],
  { id, v1, data: source }: { id: string; v1: V1Region | null; data: Bytes },
): { ran: Ran; back: BroughtBack } {
  const stream: Stream = {
    device,
    v1,
    dataFd: null,
    initialBytes: null,
    optedIn: false,
    chunk: { offset: 0n, bytes: 0 },
    data: null,
    writtenBytes: 0,
  };
  let stopped: Stopped | null = null;
  try {
    for (const step of steps) {
      stopped = take(step, stream, source) ?? lookAfter(step, stream);
      if (stopped !== null || isPartly(step, stream, source)) break;
    }
  } finally {
    closeData(stream);
  }
  const { data, writtenBytes } = stream;
  const wrote = steps.some((step) => step.do === "write");
  return { ran: { stopped, data, writtenBytes }, back: leaveByReset(device, { id, v1, wrote }) };
}

/** Runs a step. Returns why it failed, or null. */
function take(step: Step, stream: Stream, source: Bytes): Stopped | null {
  const failed = attempt(stepName(step, stream.v1), () => runStep(step, stream, source));
  return failed === null ? null : { step, ...failed };
}

/**
 * The v1 state after a step: some drivers accept every write and refuse through the error state. An unreadable state is
 * neither a refusal nor an acceptance.
 */
function lookAfter(step: Step, { device, v1 }: Stream): Stopped | null {
  if (v1 === null) return null;
  const name = `device_state after ${stepName(step, v1)}`;
  let state = "";
  const failed = attempt(name, () => void (state = readV1State(device, v1)));
  if (failed !== null) return { step, ...failed, isAnswer: false };
  return state === "error" ? { step, check: { step: name, errno: null }, isAnswer: true } : null;
}

/** Whether the driver accepted less than fitted. Then there is nothing to ask it about. */
function isPartly(step: Step, { v1, writtenBytes, chunk }: Stream, source: Bytes): boolean {
  const wanted = v1 === null ? source.length : Math.min(source.length, chunk.bytes);
  return step.do === "write" && writtenBytes < wanted;
}

function runStep(step: Step, stream: Stream, source: Bytes): void {
  const { device, v1 } = stream;
  switch (step.do) {
    case "set-state":
      closeData(stream);
      stream.dataFd = setState(device, step.state);
      break;
    case "set-v1-state":
      writeV1Field(device, v1!, "device_state", BigInt(V1_STATES[step.state]));
      break;
    case "opt-in":
      stream.optedIn = optIn(device);
      break;
    case "measure-initial":
      stream.initialBytes = measureInitial(stream).initialBytes;
      break;
    case "measure-chunk":
      measureChunk(stream, v1!);
      break;
    case "find-room":
      findRoom(stream, v1!);
      break;
    case "read":
      stream.data = readStream(stream, step.atMostBytes);
      if (stream.optedIn) stream.data = readAnew(stream, stream.data);
      break;
    case "write":
      if (v1 === null) writeStream(stream, source);
      else writeChunk(stream, v1, source);
      break;
    case "write-size":
      writeV1Field(device, v1!, "data_size", BigInt(stream.writtenBytes));
      break;
  }
}

function attempt(step: string, run: () => void): Omit<Stopped, "step"> | null {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof SysError) return { check: { step, errno: error.code }, isAnswer: true };
    if (!(error instanceof ShortTransfer)) throw error;
    return { check: { step: error.message, errno: null }, isAnswer: false };
  }
}

function closeData(stream: Stream): void {
  const { device, dataFd } = stream;
  stream.dataFd = null;
  if (dataFd === null) return;
  try {
    device.sys.close(dataFd);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
}

/** The name of a step in a report of its failure. */
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
    case "find-room":
      return "data_offset";
    case "read":
      return "read";
    case "write":
      return v1 === null ? "write" : "data";
    case "write-size":
      return "data_size";
  }
}
