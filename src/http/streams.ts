/** Responses without an end of their own. */
export interface Streams {
  /** Returns the response. If it is a stream of events, {@link end} ends it. */
  add(response: Response): Response;
  /** Ends all streams, and those that are added later. */
  end(): void;
}

/**
 * Keeps the streams of server-sent events that clients read, so that a server can stop. Other responses end by
 * themselves, or are cut off when the time to stop is over: a client must not take an incomplete document for a
 * complete one.
 */
export function openStreams(): Streams {
  const readers = new Set<ReadableStreamDefaultReader<Uint8Array>>();
  let ended = false;
  const end = (reader: ReadableStreamDefaultReader<Uint8Array>) =>
    void reader.cancel("the server stops").catch(() => {});
  return {
    add(response) {
      const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
      if (isStream !== true || response.body === null) return response;
      const reader = response.body.getReader();
      readers.add(reader);
      if (ended) end(reader);
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const { value, done } = await reader.read();
          if (!done) return controller.enqueue(value);
          readers.delete(reader);
          controller.close();
        },
        async cancel(reason) {
          readers.delete(reader);
          await reader.cancel(reason);
        },
      }, { highWaterMark: 0 });
      const { status, statusText, headers } = response;
      return new Response(body, { status, statusText, headers });
    },
    end() {
      ended = true;
      for (const reader of readers) end(reader);
    },
  };
}
