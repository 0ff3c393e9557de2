import type { Context } from "hono";
import { countChanges, listChanges } from "../answers/mod.ts";
import { RESET_SCHEMA, type Snapshot } from "../documents/mod.ts";
import { HttpProblem } from "./problem.ts";

/** Limits for streams, so that no client can exhaust the process. */
export const STREAM_LIMITS = {
  /** The maximum number of open streams. */
  most: 32,
  /** How many changes are kept for clients that come back, and how many bytes. */
  kept: 64,
  keptBytes: 4 << 20,
  /** Larger changes are not sent: a client reads the host again. The number of devices and types. */
  entries: 256,
  /** A client that has not read so much is cut off. All clients share the bytes. */
  unreadBytes: 4 << 20,
};

/** How often a comment is sent, so that both sides notice a broken connection. */
const COMMENT_MS = 15_000;
const COMMENT = new TextEncoder().encode(":\n\n");

/** The streams of `GET /v1/events`. */
export interface EventStreams {
  /** Sends all clients what changed since the last snapshot. */
  publish(snapshot: Snapshot): void;
  /**
   * Answers with a stream of server-sent events that goes on after `Last-Event-ID`. Throws an {@link HttpProblem} if
   * too many streams are open, or none may be opened any more.
   */
  open(c: Context): Response;
  /** The number of open streams. */
  readonly size: number;
  /** Ends all streams. New ones are refused. */
  end(): void;
}

/** A message for clients, and the snapshot that it leads to. */
interface Message {
  snapshot: number;
  bytes: Uint8Array<ArrayBuffer>;
}

type Stream = ReadableStreamDefaultController<Uint8Array>;

/**
 * Makes the streams. An event's id is `INSTANCE-N`: this server, and the number of a snapshot. The first event of a
 * stream is `reset`, unless all changes since `Last-Event-ID` are kept.
 *
 * `follow` is called with the first stream, and disposed of with the last. Nothing is compared before the first stream.
 */
export function makeEventStreams(
  { follow, commentMs = COMMENT_MS }: { follow: () => Promise<Disposable>; commentMs?: number },
): EventStreams {
  const instance = crypto.randomUUID().slice(0, 8);
  const streams = new Set<Stream>();
  const kept: Message[] = [];
  let last: Snapshot | null = null;
  let isUsed = false;
  let isEnded = false;
  let following: Promise<Disposable> | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;

  const format = (event: string, { snapshot }: Snapshot, data: object): Message => {
    const text = `id: ${instance}-${snapshot}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    return { snapshot, bytes: new TextEncoder().encode(text) };
  };
  const resetTo = (now: Snapshot): Message => {
    const { snapshot, takenAt } = now;
    return format("reset", now, { schema: RESET_SCHEMA, snapshot, takenAt });
  };
  const remove = (stream: Stream): void => {
    if (!streams.delete(stream) || streams.size > 0) return;
    clearInterval(timer);
    void following?.then((followed) => followed[Symbol.dispose](), () => {});
    following = null;
  };
  const add = (stream: Stream): void => {
    streams.add(stream);
    if (streams.size > 1) return;
    timer = setInterval(() => send(COMMENT), commentMs);
    following = follow();
    following.catch(() => {});
  };
  const send = (bytes: Uint8Array<ArrayBuffer>): void => {
    for (const stream of [...streams]) {
      if ((stream.desiredSize ?? 0) > 0) {
        stream.enqueue(bytes);
        continue;
      }
      remove(stream);
      stream.error(new Error("The client reads too slowly"));
    }
  };
  const keep = (message: Message): void => {
    kept.push(message);
    let bytes = kept.reduce((sum, { bytes: { length } }) => sum + length, 0);
    while (kept.length > STREAM_LIMITS.kept || bytes > STREAM_LIMITS.keptBytes) {
      bytes -= kept.shift()!.bytes.length;
    }
  };
  /** What a client has missed since an event, oldest first. */
  const missedSince = (lastEventId: string | undefined, now: Snapshot): Message[] => {
    const [, from, number] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(lastEventId ?? "") ?? [];
    const since = Number(number);
    const missed = kept.filter(({ snapshot }) => snapshot > since);
    const isKnown = from === instance && missed.length === now.snapshot - since;
    return isKnown ? missed : [resetTo(now)];
  };

  return {
    publish(snapshot) {
      const before = last;
      last = snapshot;
      if (before === null || !isUsed) return;
      const changes = listChanges(before, snapshot);
      const isNext = snapshot.snapshot === before.snapshot + 1;
      if (isNext && countChanges(changes) <= STREAM_LIMITS.entries) {
        keep(format("changes", snapshot, changes));
      } else {
        kept.length = 0;
      }
      send((kept.at(-1) ?? resetTo(snapshot)).bytes);
    },
    open(c) {
      if (isEnded || last === null) throw full("The server is starting or stopping");
      if (streams.size >= STREAM_LIMITS.most) throw full(`${streams.size} streams are open`);
      const headers = {
        "content-type": "text/event-stream",
        // Otherwise, Deno compresses the stream and holds events back.
        "cache-control": "no-store, no-transform",
      };
      // The application discards the body.
      if (c.req.raw.method === "HEAD") return c.body(null, 200, headers);
      isUsed = true;
      const missed = missedSince(c.req.header("last-event-id"), last);
      let own: Stream;
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start(stream) {
          own = stream;
          // Even without events, so that the client receives the headers.
          stream.enqueue(COMMENT);
          for (const { bytes } of missed) stream.enqueue(bytes);
          add(stream);
        },
        cancel: () => remove(own),
      }, new ByteLengthQueuingStrategy({ highWaterMark: STREAM_LIMITS.unreadBytes }));
      return c.body(body, 200, headers);
    },
    get size() {
      return streams.size;
    },
    end() {
      isEnded = true;
      for (const stream of [...streams]) {
        remove(stream);
        stream.close();
      }
    },
  };
}

function full(why: string): HttpProblem {
  return new HttpProblem("streams-full", why, {
    remedy: "Close a stream, or read the host again from time to time.",
    headers: { "retry-after": "10" },
  });
}
