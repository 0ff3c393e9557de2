import { type Problem, type Snapshot, toProblem } from "../documents/mod.ts";
import { readHost, takeTurns } from "../host/mod.ts";
import {
  classKey,
  classOfDevice,
  deviceKey,
  isOfOtherLoad,
  type KeyedDevice,
  loadObservations,
  type Observations,
  saveObservations,
  whileLocked,
} from "../state/mod.ts";
import { planProbes, type ProbeOptions } from "./plan_probes.ts";
import { probeDevices, type ProbeResult } from "./probe_devices.ts";
import { takeSnapshot } from "./take_snapshot.ts";
import type { World } from "./world.ts";

/** What came of looking at the host and asking its devices. */
export interface Observed {
  snapshot: Snapshot;
  observations: Observations;
  results: ProbeResult[];
  /** Devices left alone because they are new. */
  settling: string[];
}

/**
 * Looks at the host, asks the devices that are due, remembers what they said, and looks again.
 *
 * Effect: opens idle devices through the worker, as `options` say; writes to the state directory.
 */
export async function observeHost(
  world: World,
  options: ProbeOptions & { onResult?: (result: ProbeResult) => void },
): Promise<Observed> {
  const bootId = readHost(world.roots).bootId;
  let observations = loadObservations(world.stateDirectory, bootId);
  // Nobody waits for a turn.
  const turns = takeTurns(Infinity);
  const first = await takeSnapshot(world, { observations }, { turns });
  const plan = () => {
    const nowMs = world.now().getTime();
    return planProbes(first.devices, observations, { ...options, nowMs, skip: new Set() });
  };
  const { devices, settling } = plan();
  if (devices.length === 0) return { snapshot: first, observations, results: [], settling };
  const asked = await whileLocked(world.stateDirectory, async () => {
    // Somebody else may have asked while we waited.
    observations = loadObservations(world.stateDirectory, bootId);
    const due = plan();
    const asked = await askDevices(world, due.devices, options);
    observations = remember(observations, first.devices, asked.results);
    const problems = [
      ...asked.problems,
      ...asked.results.flatMap(resultProblems),
      ...trySave(world, observations),
    ];
    const held = new Set(
      asked.results.filter(({ outcome }) => outcome === "in-use").map(({ device }) => device),
    );
    return {
      snapshot: await takeSnapshot(world, { observations, held, problems }, { turns }),
      observations,
      results: asked.results,
      settling: due.settling,
    };
  });
  if (asked !== null) return asked;
  const sentence = "Another vfio-ask is still asking devices, so that none was asked";
  const problem = { code: "in-use", subject: "devices", sentence, remedy: "Try again later." };
  const snapshot = { ...first, problems: [...first.problems, problem] };
  return { snapshot, observations, results: [], settling };
}

/** Asks devices, and says as problems what kept them from being asked at all. */
export async function askDevices(
  world: World,
  devices: readonly string[],
  { onResult, signal }: { onResult?: (result: ProbeResult) => void; signal?: AbortSignal },
): Promise<{ results: ProbeResult[]; problems: Problem[] }> {
  const results: ProbeResult[] = [];
  const problems: Problem[] = [];
  try {
    for await (const result of probeDevices(world, devices, { signal })) {
      results.push(result);
      onResult?.(result);
    }
  } catch (error) {
    problems.push(toProblem(error, "probe"));
  }
  return { results, problems };
}

/** What a result has to say to the operator. That a device is in use or new is no problem: it is its state. */
export function resultProblems(result: ProbeResult): Problem[] {
  if (result.outcome === "answered") return result.capabilities?.problems ?? [];
  if (["in-use", "new", "gone"].includes(result.outcome)) return [];
  const { outcome, device, sentence, remedy } = result;
  return [{ code: outcome, subject: device, sentence, remedy }];
}

/**
 * Adds what devices said, for themselves and for their class, in the place of what was known before.
 *
 * `devices` are those of before the asking: a driver that is reloaded meanwhile gets no answer of its earlier load.
 */
export function remember(
  observations: Observations,
  devices: readonly KeyedDevice[],
  results: readonly ProbeResult[],
): Observations {
  const byClass = { ...observations.byClass };
  const byDevice = { ...observations.byDevice };
  for (const { device: id, capabilities } of results) {
    const device = devices.find((candidate) => candidate.id === id);
    if (capabilities === null || device === undefined) continue;
    for (const key of Object.keys(byDevice)) if (key.startsWith(`${id} `)) delete byDevice[key];
    const own = classOfDevice(device);
    for (const key of Object.keys(byClass)) if (isOfOtherLoad(key, own)) delete byClass[key];
    byDevice[deviceKey(device)] = capabilities;
    byClass[classKey(own)] = capabilities;
  }
  return { ...observations, byClass, byDevice };
}

/** Adds what devices said to what is remembered on this host, and saves that. */
export async function rememberProbes(
  world: World,
  devices: readonly KeyedDevice[],
  results: readonly ProbeResult[],
): Promise<Problem[]> {
  const { bootId } = readHost(world.roots);
  const save = () => {
    const known = loadObservations(world.stateDirectory, bootId);
    return Promise.resolve(trySave(world, remember(known, devices, results)));
  };
  return await whileLocked(world.stateDirectory, save) ?? [{
    code: "in-use",
    subject: "devices",
    sentence: "Another vfio-ask is still asking devices, so that this was not remembered",
    remedy: "Try again later.",
  }];
}

/** Saves, or says why not: an answer is worth more than its being remembered. */
export function trySave(world: World, observations: Observations): Problem[] {
  try {
    saveObservations(world.stateDirectory, observations);
    return [];
  } catch (error) {
    return [toProblem(error, world.stateDirectory ?? "state directory")];
  }
}
