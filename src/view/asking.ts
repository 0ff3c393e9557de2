import { type Device, type Problem, type Snapshot, toProblem } from "../documents/mod.ts";
import { readHost } from "../host/mod.ts";
import {
  addAnswers,
  classKey,
  classOfDevice,
  deviceKey,
  loadObservations,
  type Observations,
  stampOfObservations,
} from "../state/mod.ts";
import { type DueProbes, listDueProbes, type ProbeOptions } from "./due_probes.ts";
import { probeDevices, type ProbeResult } from "./probe_devices.ts";
import { makeReleased } from "./released.ts";
import type { SnapshotInputs } from "./take_snapshot.ts";
import type { World } from "./world.ts";

/** How long to wait before a device that did not answer is asked again. Doubles up to the maximum. */
const RETRY_MS = 10_000;
const RETRY_MAX_MS = 600_000;

interface Retry {
  /** The key of the device when it was asked. A device that was bound again since is asked without a wait. */
  key: string;
  result: ProbeResult;
  afterMs: number;
  waitMs: number;
}

export interface AskingOptions extends ProbeOptions {
  onResult: (result: ProbeResult) => void;
  /** Whether devices that came free, or are not in RUNNING, are asked again, which resets them if necessary. */
  reopens?: boolean;
  /** Stops asking. The remaining devices are not asked. */
  signal?: AbortSignal;
}

/** Asks the devices of one host and keeps their answers. */
export interface Asking {
  /** The inputs of the next snapshot. */
  inputs(): Pick<SnapshotInputs, "observations" | "held">;
  /** The devices of a new snapshot; `state` is null for those that came free and were not asked since. */
  follow(devices: readonly Device[]): Device[];
  /** The problems met when the devices of a snapshot were asked. */
  problemsOf(seen: Snapshot): Problem[];
  /** Which devices of a snapshot are due. */
  due(devices: readonly Device[]): DueProbes;
  /**
   * Locks the state directory, asks the devices that are due, saves their answers, and calls `look` before it unlocks.
   * False if another process keeps the lock for too long: then no device was asked. Effect: opens idle devices through the access; writes to the state directory.
   */
  askDue(devices: () => readonly Device[], look: () => Promise<Snapshot>): Promise<boolean>;
}

/** Makes an {@link Asking} with the saved answers of the devices. Effect: none until it is used. */
export function makeAsking(
  world: World,
  { onResult, signal, reopens = false, ...options }: AskingOptions,
): Asking {
  const { bootId } = readHost(world.roots);
  let stamp = stampOfObservations(world.stateDirectory);
  let observations: Observations = loadObservations(world.stateDirectory, bootId);
  let problems: Problem[] = [];
  const retries = new Map<string, Retry>();
  const released = makeReleased();
  const nowMs = () => world.now().getTime();

  /** Loads what another process saved. Each process adds to the file, so nothing that we know gets lost. */
  const recall = (): void => {
    const now = stampOfObservations(world.stateDirectory);
    if (now !== stamp) observations = loadObservations(world.stateDirectory, bootId);
    stamp = now;
  };

  const note = (result: ProbeResult, devices: readonly Device[]): void => {
    if (result.outcome === "answered") {
      retries.delete(result.device);
      released.forget(result.device);
      return;
    }
    const before = retries.get(result.device);
    const waitMs = before === undefined ? RETRY_MS : Math.min(before.waitMs * 2, RETRY_MAX_MS);
    const device = devices.find(({ id }) => id === result.device)!;
    const key = deviceKey(device);
    retries.set(result.device, { key, result, waitMs, afterMs: nowMs() + waitMs });
  };

  const due = (devices: readonly Device[]): DueProbes => {
    const waiting = [...retries].filter(([, { afterMs }]) => nowMs() < afterMs);
    // A driver that hangs on one device would hang on the next of its class too.
    const stuck = waiting.filter(([, { result }]) => result.outcome === "stuck").map(([id]) => id);
    const keyOf = (device: Device) => classKey(classOfDevice(device));
    const classes = new Set(devices.filter(({ id }) => stuck.includes(id)).map(keyOf));
    const spared = devices.filter((device) => classes.size > 0 && classes.has(keyOf(device)));
    const { settleMs, mode } = options;
    const free = reopens && mode !== "never"
      ? released.due({ settleMs, nowMs: nowMs() })
      : { ids: new Set<string>(), nextMs: null };
    const now = listDueProbes(devices, observations, {
      ...options,
      nowMs: nowMs(),
      skip: new Set([...waiting.map(([id]) => id), ...spared.map(({ id }) => id)]),
      again: free.ids,
    });
    const waitsMs = waiting.map(([, { afterMs }]) => afterMs - nowMs());
    const nextMs = Math.min(now.nextMs ?? Infinity, free.nextMs ?? Infinity, ...waitsMs);
    return { ...now, nextMs: nextMs === Infinity ? null : nextMs };
  };

  return {
    inputs() {
      recall();
      // Devices whose holder /proc does not show, until the next try.
      const held = [...retries].filter(([, { result, afterMs }]) =>
        result.outcome === "in-use" && nowMs() < afterMs
      );
      return { observations, held: new Set(held.map(([id]) => id)) };
    },
    follow: (devices) => released.follow(devices, nowMs()),
    problemsOf({ devices }) {
      // Forget devices that are gone or were bound again.
      const keys = new Set(retries.size === 0 ? [] : devices.map(deviceKey));
      for (const [id, { key }] of retries) if (!keys.has(key)) retries.delete(id);
      return [...problems, ...[...retries.values()].flatMap(({ result }) => problemOf(result))];
    },
    due,
    async askDue(devicesNow, look) {
      const asked = await world.access.whileLocked(async () => {
        // Another process may have asked while we waited for the lock.
        recall();
        // Keep this list: a later look may see the devices under a reloaded driver.
        const devices = devicesNow();
        const ids = due(devices).devices;
        if (ids.length === 0) return await look();
        const results: ProbeResult[] = [];
        problems = [];
        try {
          for await (const result of probeDevices(world, ids, { signal })) {
            results.push(result);
            onResult(result);
          }
        } catch (error) {
          problems.push(toProblem(error, "probe"));
        }
        observations = addAnswers(observations, devices, results);
        for (const result of results) note(result, devices);
        problems.push(...await world.access.save());
        stamp = stampOfObservations(world.stateDirectory);
        return await look();
      });
      return asked !== null;
    },
  };
}

/** The problem to report for a device that did not answer. None if the device is in use, new or gone. */
function problemOf({ outcome, device, sentence, remedy }: ProbeResult): Problem[] {
  switch (outcome) {
    case "answered":
    case "in-use":
    case "new":
    case "gone":
      return [];
    default:
      return [{ code: outcome, subject: device, sentence, remedy }];
  }
}
