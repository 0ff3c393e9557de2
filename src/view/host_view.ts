import type { Snapshot } from "../documents/mod.ts";
import { makeAsking } from "./asking.ts";
import { makeLooking } from "./looking.ts";
import type { ProbeOptions } from "./due_probes.ts";
import type { ProbeResult } from "./probe_devices.ts";
import type { World } from "./world.ts";

/** How often the host is scanned. */
export interface ViewOptions extends ProbeOptions {
  /** The time between looks without requests. Longer if looks take long, see {@link makeLooking}. */
  refreshMs: number;
  /** How old a look may be when a request comes. */
  freshMs: number;
}

export const VIEW_DEFAULTS = { refreshMs: 10_000, freshMs: 500 };

/** The view of the host that a server answers from. Dispose of it to stop looking. */
export interface HostView extends AsyncDisposable {
  /**
   * The newest snapshot. It is not older than `freshMs`, and was taken after the last reload of a driver. If the
   * device or mdev parent `named` exists, the snapshot has it, even if it was just created. Never waits until devices
   * are asked.
   */
  newest(named?: string): Promise<Snapshot>;
  /** The last snapshot, of any age. */
  last(): Snapshot;
  /** Resolves when no device is being asked or due. */
  settled(): Promise<void>;
}

/**
 * Keeps a view of the host. Looks at the host regularly and on request, and asks the devices that are due in the
 * background. Continues to answer from the last snapshot if one of these fails or hangs.
 *
 * Effect: opens idle devices through the worker, as `options` say; writes to the state directory.
 */
export async function openHostView(
  world: World,
  { refreshMs, freshMs, ...options }: ViewOptions,
  { onResult = () => {}, onLook = () => {} }: {
    onResult?: (result: ProbeResult) => void;
    /** Called after each look with its start by `performance.now()`. */
    onLook?: (since: number) => void;
  } = {},
): Promise<HostView> {
  const end = new AbortController();
  const asking = makeAsking(world, { ...options, onResult, signal: end.signal });
  const looked = (since: number) => {
    onLook(since);
    schedule();
  };
  const looking = makeLooking(world, { freshMs, asking, looked });
  const devicesNow = () => looking.last()?.devices ?? [];
  let running: Promise<void> | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Starts asking the devices that are due, and schedules the next look. */
  const schedule = (): void => {
    clearTimeout(timer);
    if (end.signal.aborted) return;
    const due = asking.due(devicesNow());
    if (due.devices.length > 0 && running === null) {
      running = asking.askDue(devicesNow, lookAnew).then(() => {}, () => {})
        .finally(() => running = null);
    }
    const restMs = Math.max(refreshMs, looking.restMs());
    const wait = Math.min(restMs, (due.nextMs ?? Infinity) + 10);
    timer = setTimeout(() => void looking.look().catch(() => {}), wait);
    Deno.unrefTimer(timer);
  };

  /** Takes a new look. One that is running now began before the answers came. */
  const lookAnew = async (): Promise<Snapshot> => {
    await looking.ended();
    return await looking.look();
  };

  const first = await looking.look();
  return {
    last: () => looking.last() ?? first,
    newest: looking.newest,
    async settled() {
      while (running !== null) await running;
    },
    async [Symbol.asyncDispose]() {
      end.abort();
      clearTimeout(timer);
      await running;
      await looking.ended();
    },
  };
}
