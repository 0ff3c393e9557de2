/** How long work may run before it yields. */
const STRETCH_MS = 10;

/** Splits long work on the request-serving thread into stretches, and yields in between. */
export interface Turns {
  /** Yields if the current stretch has lasted long enough. Await it between two pieces of work. */
  pause(): Promise<void>;
  /** Awaits work that does not run on this thread. */
  waitFor<T>(elsewhere: Promise<T>): Promise<T>;
  /** The total time of all stretches so far, in milliseconds. */
  usedMs(): number;
}

/** Starts the first stretch. */
export function takeTurns(stretchMs: number = STRETCH_MS): Turns {
  let usedMs = 0;
  let since = performance.now();
  const waitFor = async <T>(elsewhere: Promise<T>): Promise<T> => {
    usedMs += performance.now() - since;
    try {
      return await elsewhere;
    } finally {
      since = performance.now();
    }
  };
  return {
    waitFor,
    async pause() {
      if (performance.now() - since < stretchMs) return;
      await waitFor(new Promise((resolve) => setTimeout(resolve, 0)));
    },
    usedMs: () => usedMs + performance.now() - since,
  };
}
