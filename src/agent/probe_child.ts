import { type ChildListener, linesOfChild } from "./child.ts";
import { ProbeResult } from "./probe_devices.ts";

export interface ProbeChildOptions {
  /** How long one device may take. */
  deadlineMs: number;
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
  { deadlineMs, listener = {}, signal }: ProbeChildOptions,
): AsyncGenerator<ProbeResult> {
  let next = 0;
  while (next < devices.length && !signal?.aborted) {
    const rest = devices.slice(next);
    const options = { count: rest.length, deadlineMs, listener, signal };
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
  trouble: "stuck" | "died",
  { deadlineMs, pid }: { deadlineMs: number; pid: number },
): ProbeResult {
  const sentence = trouble === "stuck"
    ? `${device} did not answer within ${deadlineMs} ms`
    : `The process that asked ${device} died`;
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
