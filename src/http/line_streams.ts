import { HttpProblem } from "./problem.ts";

/** Limits for streams, so that readers that do not read cannot exhaust the process. */
export const STREAM_LIMITS = {
  /** The maximum number of open streams. */
  most: 64,
  /** How long a reader may take nothing of what is ready for it. Waiting for a test does not count. */
  stallMs: 60_000,
};

/** A stream for a response, and its end: read to the end, cancelled, or cut off. */
export interface Stream {
  body: ReadableStream<Uint8Array>;
  ended: Promise<void>;
}

/** Makes the streams of all responses, which share their limits. */
export function makeLineStreams({ most, stallMs }: typeof STREAM_LIMITS = STREAM_LIMITS) {
  let open = 0;
  return {
    /** The number of open streams. */
    get size(): number {
      return open;
    },
    /**
     * Sends texts as they are made. The next one is made when the reader has taken the one before. `gone` is aborted when
     * the reader goes away or takes nothing for too long. Throws an {@link HttpProblem} if too many streams are open.
     */
    open(make: (gone: AbortSignal) => AsyncGenerator<string>): Stream {
      if (open >= most) throw streamsFull(most);
      open++;
      const gone = new AbortController();
      const texts = make(gone.signal);
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      let timer: ReturnType<typeof setTimeout> | undefined;
      let isOpen = true;
      const end = (): void => {
        clearTimeout(timer);
        if (isOpen) open--;
        isOpen = false;
        resolve();
      };
      const leave = (): void => {
        gone.abort();
        texts.return(undefined).catch(() => {});
        end();
      };
      const watch = (controller: ReadableStreamDefaultController): void => {
        timer = setTimeout(() => {
          controller.error(new Error("The reader takes nothing"));
          leave();
        }, stallMs);
      };
      const encoder = new TextEncoder();
      const body = new ReadableStream<Uint8Array>({
        start: watch,
        async pull(controller) {
          clearTimeout(timer);
          const { value, done } = await texts.next();
          if (!isOpen) return;
          if (done) {
            controller.close();
            return end();
          }
          controller.enqueue(encoder.encode(value));
          watch(controller);
        },
        cancel: leave,
      }, { highWaterMark: 0 });
      return { body, ended };
    },
  };
}

/** The streams of all responses. */
export type LineStreams = ReturnType<typeof makeLineStreams>;

function streamsFull(most: number): HttpProblem {
  return new HttpProblem("streams-full", `${most} streams are open`, {
    remedy: "Read open streams to their end, or ask without Accept: application/x-ndjson.",
    headers: { "retry-after": "5" },
  });
}
