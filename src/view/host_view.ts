import type { Snapshot } from "../documents/mod.ts";
import type { HostEvents } from "../host/mod.ts";
import { makeAsking } from "./asking.ts";
import { followEvents } from "./follow_events.ts";
import { makeLooking, WHOLE_MS } from "./looking.ts";
import type { ProbeOptions } from "./due_probes.ts";
import type { ProbeResult } from "./probe_devices.ts";
import type { World } from "./world.ts";

/** How often the host is scanned. */
export interface ViewOptions extends ProbeOptions {
  /**
   * The time between looks without requests, longer if looks take long, see {@link makeLooking}. The default is ten
   * seconds, or five minutes with events.
   */
  refreshMs?: number | null;
  /** How old a look may be when a request comes. */
  freshMs: number;
}

export const VIEW_DEFAULTS = { freshMs: 500 };

/** The time between looks without requests and without events. */
const POLL_MS = 10_000;
/** The same while somebody follows the view or monitors it: no event reports that a process opened or closed a device. */
const FOLLOWED_MS = 5_000;
const MONITORED_MS = 10_000;
/** Then, the pause after a look is at least so many times its duration: a twentieth of a core. */
const WATCHED_REST = 20;

/** What a view reports, and the events that it follows. */
export interface ViewWatch {
  onResult?: (result: ProbeResult) => void;
  /** Called after each look with its start by `performance.now()`. */
  onLook?: (since: number) => void;
  /** Called with the first snapshot, and with each one that differs from the one before. */
  onSnapshot?: (snapshot: Snapshot) => void;
  /** The events of the host. The view disposes of them. */
  events?: HostEvents | null;
  /** Called if no more events can be received. The view then looks every ten seconds. */
  onEventsEnd?: (error: unknown) => void;
}

/** The view of the host that a server answers from. Dispose of it to stop looking. */
export interface HostView extends AsyncDisposable {
  /**
   * The newest snapshot. It is not older than `freshMs`, and was taken after the last reload of a driver. If the
   * device or mdev parent `named` exists, the snapshot has it, even if it was just created. Never waits until devices
   * are asked.
   */
  newest(named?: string): Promise<Snapshot>;
  /** The last snapshot, of any age. If it is older than ten seconds or so, a look begins in the background. */
  last(): Snapshot;
  /** Looks every few seconds until disposed of, so that changes without an event are seen too. */
  follow(): Disposable;
  /** Resolves when no device is being asked or due. */
  settled(): Promise<void>;
}

/**
 * Keeps a view of the host. Looks at the host after events, or regularly without them, and on request. Asks the devices
 * that are due in the background. Continues to answer from the last snapshot if one of these fails or hangs.
 *
 * Effect: opens idle devices through the worker, as `options` say; writes to the state directory.
 */
export async function openHostView(
  world: World,
  { refreshMs = null, freshMs, ...options }: ViewOptions,
  { onResult = () => {}, onSnapshot = () => {}, events = null, ...watch }: ViewWatch = {},
): Promise<HostView> {
  const { onEventsEnd = () => {}, onLook = () => {} } = watch;
  const end = new AbortController();
  const asking = makeAsking(world, { ...options, onResult, reopens: true, signal: end.signal });
  const looked = (since: number) => {
    onLook(since);
    publish();
    schedule();
  };
  const looking = makeLooking(world, { freshMs, asking, looked });
  const devicesNow = () => looking.last()?.devices ?? [];
  let running: Promise<void> | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hasEvents = events !== null;
  let followers = 0;
  let published: number | null = null;

  const publish = (): void => {
    const snapshot = looking.last();
    if (snapshot === null || snapshot.snapshot === published) return;
    published = snapshot.snapshot;
    onSnapshot(snapshot);
  };

  /** How long to wait until the next look without requests. */
  const waitMs = (): number => {
    const refresh = refreshMs ?? (hasEvents ? WHOLE_MS : POLL_MS);
    const rest = Math.max(refresh, looking.restMs());
    const pause = followers === 0 ? rest : Math.min(rest, watchedMs(FOLLOWED_MS));
    // A look at changes only does not postpone the next one.
    return Math.min(pause, Math.max(0, pause - agoMs()));
  };
  const watchedMs = (ms: number): number => Math.max(ms, looking.usedMs() * WATCHED_REST);
  const agoMs = (): number => world.now().getTime() - looking.beganMs();

  /** Starts asking the devices that are due, and schedules the next look. */
  const schedule = (): void => {
    clearTimeout(timer);
    if (end.signal.aborted) return;
    const due = asking.due(devicesNow());
    if (due.devices.length > 0 && running === null) {
      running = asking.askDue(devicesNow, lookAnew).then(() => {}, () => {})
        .finally(() => running = null);
    }
    const wait = Math.min(waitMs(), (due.nextMs ?? Infinity) + 10);
    timer = setTimeout(() => void looking.look().catch(() => {}), wait);
    Deno.unrefTimer(timer);
  };

  /** Takes a new look. One that is running now began before the answers came. */
  const lookAnew = async (): Promise<Snapshot> => {
    await looking.ended();
    return await looking.look();
  };

  const following = events === null ? null : followEvents(events, {
    lookAt: looking.lookAt,
    usedMs: looking.usedMs,
    onEnd(error) {
      hasEvents = false;
      schedule();
      onEventsEnd(error);
    },
  });
  const first = await looking.look().catch(async (error) => {
    end.abort();
    await following?.[Symbol.asyncDispose]();
    throw error;
  });
  return {
    last() {
      if (agoMs() > watchedMs(MONITORED_MS)) void looking.look().catch(() => {});
      return looking.last() ?? first;
    },
    newest: looking.newest,
    follow() {
      followers++;
      schedule();
      return { [Symbol.dispose]: () => void followers-- };
    },
    async settled() {
      while (running !== null) await running;
    },
    async [Symbol.asyncDispose]() {
      end.abort();
      clearTimeout(timer);
      await following?.[Symbol.asyncDispose]();
      await running;
      await looking.ended();
    },
  };
}
