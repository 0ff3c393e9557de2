import type { Device, Problem, Snapshot } from "../documents/mod.ts";
import { readHost } from "../host/mod.ts";
import {
  classKey,
  classOfDevice,
  deviceKey,
  loadObservations,
  type Observations,
  stampOfObservations,
  whileLocked,
} from "../state/mod.ts";
import { makeLooking } from "./looking.ts";
import { askDevices, remember, resultProblems, trySave } from "./observe.ts";
import { planProbes, type ProbeOptions } from "./plan_probes.ts";
import type { ProbeResult } from "./probe_devices.ts";
import type { World } from "./world.ts";

/** How often the host is looked at. */
export interface ViewOptions extends ProbeOptions {
  /** Between looks when nobody asks; longer where looking takes long, see {@link makeLooking}. */
  refreshMs: number;
  /** How old a look may be when somebody does. */
  freshMs: number;
}

export const VIEW_DEFAULTS = { refreshMs: 10_000, freshMs: 500 };

/** A view of the host that a server answers from. Dispose of it to stop looking. */
export interface HostView extends AsyncDisposable {
  /**
   * The newest snapshot, not older than `freshMs`, nor than the last reload of a driver, nor than a device or a parent
   * of mdevs that is `named`: what a user has made is found. Asking devices is never waited for.
   */
  newest(named?: string): Promise<Snapshot>;
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
 * Keeps a view of the host: looks at it now and then and when asked, asks the devices that are due through the
 * worker meanwhile, and goes on answering from the last snapshot whatever becomes of that.
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
  let asking: Promise<void> | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = new AbortController();
  let problems: Problem[] = [];
  const retries = new Map<string, Retry>();
  const nowMs = () => world.now().getTime();

  /** Takes over what another process has remembered: the file has all that we know, as each adds to it. */
  const recall = (): void => {
    const now = stampOfObservations(world.stateDirectory);
    if (now !== stamp) observations = loadObservations(world.stateDirectory, bootId);
    stamp = now;
  };

  /** Devices that somebody holds whom /proc does not show, until it is time to try again. */
  const heldUnseen = (): Set<string> =>
    new Set(
      [...retries].filter(([, { result, afterMs }]) =>
        result.outcome === "in-use" && nowMs() < afterMs
      ).map(([id]) => id),
    );

  /** What asking the devices met with, but for those that are others by now. */
  const problemsOf = ({ devices }: Snapshot): Problem[] => {
    const keys = new Set(retries.size === 0 ? [] : devices.map(deviceKey));
    for (const [id, { key }] of retries) if (!keys.has(key)) retries.delete(id);
    return [...problems, ...[...retries.values()].flatMap(({ result }) => resultProblems(result))];
  };

  const looking = makeLooking(world, {
    freshMs: options.freshMs,
    inputs: () => {
      recall();
      return { observations, held: heldUnseen(), ours: world.worker.pids };
    },
    problemsOf,
    looked: () => schedule(),
  });

  const dueDevices = () => {
    const devices = looking.last()?.devices ?? [];
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
    const restMs = Math.max(options.refreshMs, looking.restMs());
    const wait = Math.min(restMs, (due.nextMs ?? Infinity) + 10);
    timer = setTimeout(() => void looking.look().catch(() => {}), wait);
    Deno.unrefTimer(timer);
  };

  const askDue = (): Promise<void | null> =>
    whileLocked(world.stateDirectory, async () => {
      recall();
      const { devices } = dueDevices();
      const snapshot = looking.last();
      if (devices.length === 0 || snapshot === null) return;
      // Another look may come while they are asked, and another load of the driver with it.
      const planned = snapshot.devices;
      const asked = await askDevices(world, devices, { onResult, signal: end.signal });
      observations = remember(observations, planned, asked.results);
      for (const result of asked.results) note(result, planned);
      problems = [...asked.problems, ...trySave(world, observations)];
      stamp = stampOfObservations(world.stateDirectory);
      // A look that runs has begun without what was learnt.
      await looking.ended();
      await looking.look();
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

  const first = await looking.look();
  return {
    last: () => looking.last() ?? first,
    newest: looking.newest,
    async settled() {
      while (asking !== null) await asking;
    },
    async [Symbol.asyncDispose]() {
      end.abort();
      clearTimeout(timer);
      await asking;
      await looking.ended();
    },
  };
}
