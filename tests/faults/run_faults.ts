import { assertEquals } from "@std/assert";
import type { Syscalls } from "../../ffi/syscalls.ts";
import type { Capabilities, Problem } from "../../src/documents/mod.ts";
import type { WatchedSyscalls } from "../fixtures/watch_kernel.ts";
import { type Fault, injectFaults } from "../fixtures/inject_faults.ts";
import { falseAnswers } from "./false_answers.ts";
import type { FaultHost } from "./host.ts";

/** The outcome of an operation for its caller. */
export interface Outcome {
  outcome: string;
  sentence: string;
  problems: readonly Problem[];
  /** The driver's verdict, if any. */
  verdict: string | null;
  capabilities: Capabilities | null;
  /** The number of bytes of initial data read; null if none. */
  initialBytes: number | null;
}

export const NOTHING: Outcome = {
  outcome: "done",
  sentence: "",
  problems: [],
  verdict: null,
  capabilities: null,
  initialBytes: null,
};

/** The state after a run. */
export interface Left {
  host: FaultHost;
  kernel: WatchedSyscalls;
  outcome: Outcome;
  /** The state of the device; null if it has none. */
  state: string | null;
  /** Whether the device was opened and could report its state. */
  wasOpened: boolean;
}

/** An operation on a device. Any of its system calls may fail. */
export interface Operation {
  name: string;
  /** The device of the operation. */
  device: string;
  /** Whether the driver may end the data at any point. */
  mayEnd: boolean;
  /** Whether a refusal is checked with the device's own data. */
  hasOwnToShow: boolean;
  /** Prepares what another process left, and the stored state. */
  prepare?(host: FaultHost, kernel: WatchedSyscalls): void;
  run(host: FaultHost, sys: Syscalls): Promise<Outcome>;
  /** What is wrong after the run, one sentence each. */
  check(left: Left): string[] | Promise<string[]>;
}

/** A run without faults: its calls and its outcome. */
export interface CleanRun {
  calls: readonly string[];
  outcome: Outcome;
  /** The number of the last call that the verdict depends on; -1 if there is none. */
  proof: number;
}

/** Runs an operation with faults. Returns the state after it and its calls. */
async function runWith(host: FaultHost, operation: Operation, faults: readonly Fault[]) {
  const kernel = host.boot();
  operation.prepare?.(host, kernel);
  const before = kernel.log.length;
  const outcome = await operation.run(host, injectFaults(kernel, faults));
  const calls = kernel.log.slice(before);
  return { left: { host, kernel, outcome, state: kernel.stateOf(operation.device) }, calls };
}

/** Runs an operation without faults. It must be done and leave nothing. */
async function runClean(host: FaultHost, operation: Operation): Promise<CleanRun> {
  const { left: { outcome, kernel, state }, calls } = await runWith(host, operation, []);
  const isQuiet = outcome.problems.every(({ code }) => code === "was-reset");
  assertEquals([outcome.outcome, isQuiet], ["done", true], outcome.sentence);
  assertEquals([state ?? "running", kernel.mdevs, kernel.openDescriptors], ["running", [], 0]);
  return { calls, outcome, proof: proofOf(calls) };
}

/** The last write of data before the final reset, or, by v1, the read of the state after it. */
function proofOf(calls: readonly string[]): number {
  const left = calls.findLastIndex((call) => call.includes("VFIO_DEVICE_RESET"));
  const before = calls.slice(0, Math.max(left, 0));
  const write = before.findLastIndex((call) => /^p?write /.test(call));
  return before[write]?.startsWith("pwrite ") ? write + 1 : write;
}

const TRANSFER = /^p?(read|write) /;

/** The faults of a call: each errno once and from then on, before and after the call, and shorter transfers. */
export function faultsAt(
  call: string,
  from: number,
  { errnos, made }: { errnos: readonly string[]; made: readonly string[] },
): Fault[] {
  const faults = [
    ...errnos.map((errno) => ({ from, errno })),
    ...made.map((errno) => ({ from, errno, made: true })),
    ...TRANSFER.test(call) ? ([0, 1, "half"] as const).map((bytes) => ({ from, bytes })) : [],
  ];
  return faults.flatMap((fault) => [{ ...fault, times: 1 }, fault]);
}

/** The results of an operation with every fault at every call. */
export interface Proven {
  calls: number;
  runs: number;
  /** What was wrong and where, each with its first fault. */
  violations: Map<string, string>;
}

/** Runs an operation with faults at each of its calls. */
export async function prove(
  host: FaultHost,
  operation: Operation,
  faultsOf: (call: string, index: number) => readonly Fault[],
): Promise<Proven> {
  const clean = await runClean(host, operation);
  const proven: Proven = { calls: clean.calls.length, runs: 0, violations: new Map() };
  for (const [index, call] of clean.calls.entries()) {
    for (const fault of faultsOf(call, index)) {
      const { left, calls } = await runWith(host, operation, [fault]);
      proven.runs++;
      const wasOpened = isOpened(calls, fault);
      const wrong = [
        ...left.kernel.openDescriptors > 0 ? ["descriptors are still open"] : [],
        ...calls.some((line) => line.endsWith("= oops")) ? ["the kernel oopses"] : [],
        ...await operation.check({ ...left, wasOpened }),
        ...falseAnswers({ operation, outcome: left.outcome, clean, fault }),
      ];
      for (const what of wrong) {
        const at = `${what}, after call ${index}: ${call}`;
        if (!proven.violations.has(at)) proven.violations.set(at, JSON.stringify(fault));
      }
    }
  }
  return proven;
}

/** Whether the device was opened and could report its state: not if every feature was made absent. */
function isOpened(calls: readonly string[], fault: Fault): boolean {
  const opening = calls.findIndex((line) => /GET_DEVICE_FD = \d|BIND_IOMMUFD = 0/.test(line));
  const isUndone = "made" in fault && fault.from === opening;
  const isDenied = "errno" in fault && fault.errno === "ENOTTY" && fault.times === undefined;
  return opening >= 0 && !isUndone && !isDenied;
}
