import type { Capabilities } from "../documents/mod.ts";
import {
  classKey,
  classOfDevice,
  deviceKey,
  isOfOtherLoad,
  type KeyedDevice,
} from "./device_class.ts";
import type { Observations } from "./observations.ts";

/** What a device answered; null if it did not. */
export interface Answered {
  device: string;
  capabilities: Capabilities | null;
}

/**
 * Adds the answers of devices, by device and by class. They replace earlier answers. Pure.
 *
 * `devices` must be from before the devices were asked: an answer must not count for a driver that was reloaded since.
 */
export function addAnswers(
  observations: Observations,
  devices: readonly KeyedDevice[],
  results: readonly Answered[],
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
