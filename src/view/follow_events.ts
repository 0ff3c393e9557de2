import type { HostEvents } from "../host/mod.ts";

/** How long to gather changes before they are read: creating one device sends several events. */
const GATHER_MS = 50;
/** The pause after a look is at least so many times its duration: a storm of events takes a third of a core. */
const REST = 2;
/** The most paths to remember. With more, everything is read. */
const MAX_PATHS = 4096;

export interface FollowOptions {
  /** Looks at what these paths name; at everything if null. */
  lookAt: (changed: ReadonlySet<string> | null) => Promise<unknown>;
  /** The duration of the last look, in milliseconds. */
  usedMs: () => number;
  /** Called if no more events can be received. */
  onEnd: (error: unknown) => void;
}

/**
 * Looks at the host after each change. Changes that come together are looked at together, one look at a time. After a
 * failed look, and after lost events, the next look reads everything.
 *
 * Effect: disposes of `events` when it is disposed of.
 */
export function followEvents(
  events: HostEvents,
  { lookAt, usedMs, onEnd }: FollowOptions,
): AsyncDisposable {
  let paths = new Set<string>();
  let isAll = false;
  let isEnded = false;
  let looking: Promise<void> | null = null;
  let endedMs = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const lookNow = async (): Promise<void> => {
    const changed = isAll ? null : paths;
    paths = new Set();
    isAll = false;
    await lookAt(changed).catch(() => isAll = true);
  };
  const gather = (): void => {
    if (isEnded || timer !== undefined || looking !== null) return;
    if (paths.size === 0 && !isAll) return;
    const restMs = usedMs() * REST - (performance.now() - endedMs);
    const waitMs = Math.max(GATHER_MS, restMs);
    timer = setTimeout(() => {
      timer = undefined;
      looking = lookNow().finally(() => {
        looking = null;
        endedMs = performance.now();
        gather();
      });
    }, waitMs);
    Deno.unrefTimer(timer);
  };
  const receive = async (): Promise<void> => {
    for (let change = await events.next(); change !== null; change = await events.next()) {
      for (const path of change.paths) paths.add(path);
      isAll ||= change.lost || paths.size > MAX_PATHS;
      if (isAll) paths.clear();
      gather();
    }
  };
  const received = receive().catch(onEnd);
  return {
    async [Symbol.asyncDispose]() {
      isEnded = true;
      clearTimeout(timer);
      await events[Symbol.asyncDispose]();
      await received;
      await looking;
    },
  };
}
