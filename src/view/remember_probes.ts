import { type Problem, toProblem } from "../documents/mod.ts";
import { readHost } from "../host/mod.ts";
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
import type { ProbeResult } from "./probe_devices.ts";
import type { World } from "./world.ts";

/**
 * Adds the answers of devices, by device and by class. They replace earlier answers. Pure.
 *
 * `devices` must be from before the devices were asked: an answer must not count for a driver that was reloaded since.
 */
export function addAnswers(
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

/** Saves observations. A failure is returned as a problem, so that the caller can still use the answers. */
export function trySave({ stateDirectory }: World, observations: Observations): Problem[] {
  try {
    saveObservations(stateDirectory, observations);
    return [];
  } catch (error) {
    return [toProblem(error, stateDirectory ?? "state directory")];
  }
}

/** The problem that another process holds the lock of the state directory for too long. */
export function othersAsk(sentence: string): Problem {
  return { code: "in-use", subject: "devices", sentence, remedy: "Try again later." };
}

/** Adds the answers of devices to the saved observations of this host. Effect: writes to the state directory. */
export async function rememberProbes(
  world: World,
  devices: readonly KeyedDevice[],
  results: readonly ProbeResult[],
): Promise<Problem[]> {
  const { bootId } = readHost(world.roots);
  const save = () => {
    const known = loadObservations(world.stateDirectory, bootId);
    return Promise.resolve(trySave(world, addAnswers(known, devices, results)));
  };
  return await whileLocked(world.stateDirectory, save) ??
    [othersAsk("The answers were not saved: another vfio-ask is still asking devices")];
}
