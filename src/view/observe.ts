import type { Snapshot } from "../documents/mod.ts";
import { takeTurns } from "../host/mod.ts";
import { makeAsking } from "./asking.ts";
import { makeLooking } from "./looking.ts";
import type { ProbeOptions } from "./due_probes.ts";
import type { ProbeResult } from "./probe_devices.ts";
import { othersAsk } from "../access/mod.ts";
import type { World } from "./world.ts";

/** The result of looking at the host and asking its devices. */
export interface Observed {
  snapshot: Snapshot;
  results: ProbeResult[];
  /** Devices that were not asked because they are new. */
  settling: string[];
}

/**
 * Looks at the host, asks the devices that are due, saves their answers, and looks again if any device was due.
 *
 * Effect: opens idle devices through the worker, as `options` say; writes to the state directory.
 *
 * ```ts
 * import { observeHost, PROBE_DEFAULTS, type World } from "./mod.ts";
 *
 * async function listDevices(world: World): Promise<void> {
 *   const { snapshot } = await observeHost(world, { ...PROBE_DEFAULTS, mode: "never" });
 *   for (const { id, type, use } of snapshot.devices) console.log(id, type, use.state);
 * }
 * ```
 */
export async function observeHost(
  world: World,
  { onResult = () => {}, ...options }: ProbeOptions & { onResult?: (result: ProbeResult) => void },
): Promise<Observed> {
  const results: ProbeResult[] = [];
  const asking = makeAsking(world, {
    ...options,
    onResult(result) {
      results.push(result);
      onResult(result);
    },
  });
  // No other work waits for a turn.
  const { look } = makeLooking(world, { asking, makeTurns: () => takeTurns(Infinity) });
  const first = await look();
  const { devices, settling } = asking.due(first.devices);
  if (devices.length === 0) return { snapshot: first, results, settling };
  let last = first;
  const isAsked = await asking.askDue(() => first.devices, async () => last = await look());
  const said = isAsked
    ? results.flatMap(({ capabilities }) => capabilities?.problems ?? [])
    : [othersAsk("No device was asked: another vfio-ask is still asking devices")];
  // The caller sees one snapshot only: keep the first number.
  const snapshot = { ...last, snapshot: first.snapshot, problems: [...said, ...last.problems] };
  return { snapshot, results, settling };
}
