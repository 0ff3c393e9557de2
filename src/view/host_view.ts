import type { Snapshot } from "../documents/mod.ts";
import { makeAsking } from "./asking.ts";
import { makeLooking } from "./looking.ts";
import type { ProbeOptions } from "./due_probes.ts";
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
  /** Resolves when no device is being asked and none is due. */
  settled(): Promise<void>;
}

/**
 * Keeps a view of the host: looks at it now and then and when asked, asks the devices that are due through the
 * worker meanwhile, and goes on answering from the last snapshot whatever becomes of that.
 *
 * Effect: opens idle devices through the worker, as `options` say; writes to the state directory.
 */
export async function openHostView(
  world: World,
  { refreshMs, freshMs, ...options }: ViewOptions,
  { onResult = () => {} }: { onResult?: (result: ProbeResult) => void } = {},
): Promise<HostView> {
  const end = new AbortController();
  const asking = makeAsking(world, { ...options, onResult, signal: end.signal });
  const looking = makeLooking(world, { freshMs, asking, looked: () => schedule() });
  const devicesNow = () => looking.last()?.devices ?? [];
  let running: Promise<void> | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Starts asking whatever is due, and sets the time of the next look. */
  const schedule = (): void => {
    clearTimeout(timer);
    if (end.signal.aborted) return;
    const due = asking.due(devicesNow());
    if (due.devices.length > 0 && running === null) {
      running = asking.askDue(devicesNow, lookAnew).catch(() => {}).finally(() => running = null);
    }
    const restMs = Math.max(refreshMs, looking.restMs());
    const wait = Math.min(restMs, (due.nextMs ?? Infinity) + 10);
    timer = setTimeout(() => void looking.look().catch(() => {}), wait);
    Deno.unrefTimer(timer);
  };

  /** A look that runs has begun without what was learnt. */
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
