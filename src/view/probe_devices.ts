import type { Capabilities } from "../documents/mod.ts";
import { capabilitiesOf, type OpenPath, type WorkerResult } from "../tasks/mod.ts";
import type { World } from "./world.ts";

/** The result of asking one device. Only `answered` has capabilities. */
export interface ProbeResult
  extends Pick<WorkerResult, "check" | "holder" | "sentence" | "remedy"> {
  device: string;
  capabilities: Capabilities | null;
  outcome: "answered" | Exclude<WorkerResult["outcome"], "done">;
}

/**
 * Asks devices one after the other through the worker. Effect: opens each device that no process holds. Throws a
 * `Failure` if no worker can be started.
 */
export async function* probeDevices(
  { access }: World,
  devices: readonly string[],
  { path = "any", signal }: { path?: OpenPath; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<ProbeResult> {
  for (const device of devices) {
    const result = await access.run({ do: "probe", device, path }, { signal });
    if (signal?.aborted) return;
    const { outcome, check, holder, sentence, remedy } = result;
    yield {
      device,
      outcome: outcome === "done" ? "answered" : outcome,
      capabilities: capabilitiesOf(result),
      check,
      holder,
      sentence,
      remedy,
    };
  }
}
