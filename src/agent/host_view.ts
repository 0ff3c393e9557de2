import type { Device, Problem, Snapshot } from "../identity/mod.ts";
import { readHost } from "../sysfs/mod.ts";
import { classKey, classOfDevice, deviceKey } from "./device_class.ts";
import {
  loadObservations,
  type Observations,
  stampOfObservations,
  whileLocked,
} from "./observations.ts";
import { askDevices, remember, resultProblems, trySave } from "./observe.ts";
import { planProbes } from "./plan_probes.ts";
import type { ProbeResult } from "./probe_devices.ts";
import { isStillBound } from "./still_bound.ts";
import { takeSnapshot } from "./take_snapshot.ts";
import type { ProbeOptions, World } from "./world.ts";

/** How often the host is looked at. */
export interface ViewOptions extends ProbeOptions {
  /** Between looks when nobody asks. */
  refreshMs: number;
  /** How old a look may be when somebody does. */
  freshMs: number;
}

export const VIEW_DEFAULTS = { refreshMs: 10_000, freshMs: 500 };

/** A view of the host that a server answers from. Dispose of it to stop looking. */
export interface HostView extends AsyncDisposable {
  /**
   * The newest snapshot, not older than `freshMs`, nor than the last reload of a driver. Asking devices is never
   * waited for.
   */
  newest(): Promise<Snapshot>;
  /** The last snapshot that was taken, however old. */
  last(): Snapshot;
  /** Resolves when no device is being asked and none is due. For tests and the first command. */
  settled(): Promise<void>;
}

/** The first wait before a device that did not answer is asked again; it doubles up to the last. */
const RETRY_MS = 10_000;
const RETRY_MAX_MS = 600_000;

interface Retry {
  /** The device as it was when it was asked: bound anew, it is asked without a wait. */
  key: string;
  result: ProbeResult;
  afterMs: number;
  waitMs: number;
}

/**
 * Keeps a view of the host: looks at it now and then and when asked, asks the devices that are due in a
 * child process meanwhile, and goes on answering from the last snapshot whatever becomes of that.
 *
 * Effect: see `observeHost`.
 */
export async function openHostView(
  world: World,
  options: ViewOptions,
  { onResult = () => {} }: { onResult?: (result: ProbeResult) => void } = {},
): Promise<HostView> {
  const bootId = readHost(world.roots).bootId;
  let stamp = stampOfObservations(world.stateDirectory);
  let observations: Observations = loadObservations(world.stateDirectory, bootId);
  let snapshot: Snapshot | null = null;
  let content = "";
  // When the newest look began, and the one that runs: what happened since may not be in it.
  let lookedAtMs = -Infinity;
  let lookingSinceMs = -Infinity;
  let looking: Promise<Snapshot> | null = null;
  let asking: Promise<void> | null = null;
  let timer: number | undefined;
  const end = new AbortController();
  let problems: Problem[] = [];
  const retries = new Map<string, Retry>();
  const children = new Set<number>();
  const nowMs = () => world.now().getTime();

  /** Takes over what another process has remembered: the file has all that we know, as each adds to it. */
  const recall = (): void => {
    const now = stampOfObservations(world.stateDirectory);
    if (now !== stamp) observations = loadObservations(world.stateDirectory, bootId);
    stamp = now;
  };

  const look = async (): Promise<Snapshot> => {
    const beganMs = lookingSinceMs = nowMs();
    recall();
    // Held by somebody that /proc does not show, until it is time to try again.
    const held = new Set(
      [...retries].filter(([, { result, afterMs }]) =>
        result.outcome === "in-use" && nowMs() < afterMs
      ).map(([id]) => id),
    );
    const seen = await takeSnapshot(world, {
      observations,
      held,
      ours: children,
      number: snapshot?.snapshot ?? 1,
    });
    const keys = new Set(seen.devices.map(deviceKey));
    for (const [id, { key }] of retries) if (!keys.has(key)) retries.delete(id);
    const unanswered = [...retries.values()].flatMap(({ result }) => resultProblems(result));
    const taken = { ...seen, problems: [...seen.problems, ...problems, ...unanswered] };
    const { takenAt: _, ...facts } = taken;
    const now = JSON.stringify(facts);
    // The same facts are the same snapshot, seen again: it keeps its number, and what was tested of it.
    if (snapshot !== null && now === content) snapshot = { ...snapshot, takenAt: taken.takenAt };
    else if (snapshot === null) snapshot = taken;
    else snapshot = { ...taken, snapshot: snapshot.snapshot + 1 };
    const { takenAt: __, ...numbered } = snapshot;
    content = JSON.stringify(numbered);
    lookedAtMs = beganMs;
    schedule();
    return snapshot;
  };
  const lookOnce = (): Promise<Snapshot> => looking ??= look().finally(() => looking = null);
  const isFresh = (sinceMs: number) => nowMs() - sinceMs <= options.freshMs;

  const dueDevices = () => {
    const devices = snapshot?.devices ?? [];
    const waiting = [...retries].filter(([, { afterMs }]) => nowMs() < afterMs);
    // A driver that is stuck in one device would be in the next of its class too.
    const stuck = waiting.filter(([, { result }]) => result.outcome === "stuck").map(([id]) => id);
    const classes = new Set(
      devices.filter(({ id }) => stuck.includes(id)).map((device) =>
        classKey(classOfDevice(device))
      ),
    );
    const spared = devices.filter((device) => classes.has(classKey(classOfDevice(device))));
    return planProbes(devices, observations, {
      ...options,
      nowMs: nowMs(),
      skip: new Set([...waiting.map(([id]) => id), ...spared.map(({ id }) => id)]),
    });
  };

  /** Starts asking whatever is due, and sets the time of the next look. */
  const schedule = (): void => {
    clearTimeout(timer);
    if (end.signal.aborted) return;
    const due = dueDevices();
    if (due.devices.length > 0 && asking === null) {
      asking = askDue().then(() => {}, () => {}).finally(() => asking = null);
    }
    const wait = Math.min(options.refreshMs, (due.nextMs ?? Infinity) + 10);
    timer = setTimeout(() => void lookOnce().catch(() => {}), wait);
    Deno.unrefTimer(timer);
  };

  const askDue = (): Promise<void | null> =>
    whileLocked(world.stateDirectory, async () => {
      recall();
      const { devices } = dueDevices();
      if (devices.length === 0 || snapshot === null) return;
      // Another look may come while they are asked, and another load of the driver with it.
      const planned = snapshot.devices;
      const asked = await askDevices(world, {
        devices,
        deadlineMs: options.deadlineMs,
        onResult,
        signal: end.signal,
        listener: {
          started: (pid) => void children.add(pid),
          ended: (pid) => void children.delete(pid),
        },
      });
      observations = remember(observations, planned, asked.results);
      for (const result of asked.results) note(result, planned);
      problems = [...asked.problems, ...trySave(world, observations)];
      stamp = stampOfObservations(world.stateDirectory);
      await lookOnce();
    });

  const note = (result: ProbeResult, devices: readonly Device[]): void => {
    if (result.outcome === "answered") {
      retries.delete(result.device);
      return;
    }
    const before = retries.get(result.device);
    const waitMs = before === undefined ? RETRY_MS : Math.min(before.waitMs * 2, RETRY_MAX_MS);
    const device = devices.find(({ id }) => id === result.device)!;
    const key = deviceKey(device);
    retries.set(result.device, { key, result, waitMs, afterMs: nowMs() + waitMs });
  };

  await lookOnce();
  return {
    last: () => snapshot!,
    async newest() {
      const isNew = snapshot !== null && isFresh(lookedAtMs);
      if (isNew && isStillBound(world.roots, snapshot!)) return snapshot!;
      if (looking !== null && !isFresh(lookingSinceMs)) await looking.catch(() => {});
      return await lookOnce();
    },
    async settled() {
      while (asking !== null) await asking;
    },
    async [Symbol.asyncDispose]() {
      end.abort();
      clearTimeout(timer);
      await asking;
      await looking?.catch(() => {});
    },
  };
}
