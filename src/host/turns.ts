/** How long work may go on before others get a turn. */
const STRETCH_MS = 10;

/** Long work on the thread that answers questions too, done in stretches with a turn for others in between. */
export interface Turns {
  /** Gives others a turn where this stretch has lasted long enough. To be awaited between two pieces of work. */
  pause(): Promise<void>;
  /** Awaits what is done elsewhere, which is no work of this thread. */
  waitFor<T>(elsewhere: Promise<T>): Promise<T>;
  /** How long all stretches took so far, in milliseconds. */
  usedMs(): number;
}

/** Begins a first stretch. */
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
