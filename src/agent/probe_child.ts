import { type ChildListener, type ChildTrouble, linesOfChild } from "./child.ts";
import { ProbeResult } from "./probe_devices.ts";

export interface ProbeChildOptions {
  /** How long one device may take from when it is opened. */
  deadlineMs: number;
  /** How long a child may take to come to a device. */
  reachMs?: number;
  listener?: ChildListener;
  /** Ends the child that runs, and starts no other. */
  signal?: AbortSignal | undefined;
}

/**
 * Asks devices in a child process, one after the other, each within its deadline.
 *
 * A child that does not answer in time is killed, its device reported `stuck`, and a new child goes on with
 * the rest; a child that dies leaves the device that it was at as `failed`. A child that cannot even be
 * killed, because it sits in the kernel, is left behind.
 */
export async function* probeInChild(
  command: readonly string[],
  devices: readonly string[],
  { listener = {}, ...limits }: ProbeChildOptions,
): AsyncGenerator<ProbeResult> {
  let next = 0;
  const { deadlineMs, signal } = limits;
  while (next < devices.length && !signal?.aborted) {
    const rest = devices.slice(next);
    const options = { ...limits, count: rest.length, listener };
    for await (const from of linesOfChild([...command, ...rest], options)) {
      const device = devices[next++]!;
      if ("trouble" in from) {
        yield lost(device, from.trouble, { deadlineMs, pid: from.pid });
        break;
      }
      const result = parseResult(from.line);
      yield result ?? lost(device, "died", { deadlineMs, pid: from.pid });
      if (result === null) break;
    }
  }
}

function lost(
  device: string,
  trouble: ChildTrouble,
  { deadlineMs, pid }: { deadlineMs: number; pid: number },
): ProbeResult {
  const sentence = {
    stuck: `${device} did not answer within ${deadlineMs} ms`,
    late: `${device} was not asked: the process for it did not come to it in time`,
    died: `The process that asked ${device} died`,
  }[trouble];
  return {
    device,
    outcome: trouble === "stuck" ? "stuck" : "failed",
    capabilities: null,
    check: null,
    holder: null,
    sentence,
    remedy: `Look for a message about it in the kernel's log (dmesg); the process was ${pid}.`,
  };
}

/** A line as a result, null where it is none. */
function parseResult(line: string): ProbeResult | null {
  try {
    return ProbeResult.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
