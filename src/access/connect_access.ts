import { Failure } from "../documents/mod.ts";
import { DEADLINE_MS, type Lines, REACH_MS, readLines } from "../children/mod.ts";
import { type WorkerResult, workerResult } from "../tasks/mod.ts";
import type { Access } from "./access.ts";
import { AccessReply, type AccessRequest, readLine, type ReplyFor } from "./requests.ts";

/** How long a connection is kept without requests. Then the worker service ends and frees its memory. */
const IDLE_MS = 60_000;

/** A connection older than this is closed when nothing waits: systemd ends a worker after a longer time. */
const MAX_AGE_MS = 300_000;

/** How long the worker service may take to start on a busy host, until its first answer. */
const START_MS = 60_000;

/** How long it may take to read the holders of devices. */
const HOLDERS_MS = 10_000;

/** How long it may take to read the virtual machines, longer than libvirt is waited for. */
const MACHINES_MS = 40_000;

/** How long it may take to get the lock, or to say that another vfio-ask keeps it. */
const LOCK_MS = 60_000;

/** How long it may take to write an outcome to disk, after others have done so. */
const RECORD_MS = 30_000;

export interface ConnectOptions {
  /** How long a device may take to answer, see `Worker`. The worker's own deadline comes first. */
  deadlineMs?: number;
  idleMs?: number;
  maxAgeMs?: number;
}

interface Connection {
  stream: Deno.UnixConn;
  writer: WritableStreamDefaultWriter<Uint8Array>;
  sinceMs: number;
  /** Whether the worker service has answered a request of this connection. */
  hasAnswered: boolean;
  waiting: Map<number, (reply: AccessReply["reply"] | null) => void>;
}

/**
 * Access by requests to the worker service, which listens on a Unix socket. Connects for the first request, closes the
 * connection when it has been idle for a while, and connects again when needed.
 *
 * Effect: none before the first request. Throws a {@link Failure} if the worker service cannot be reached, or does not
 * answer. A task during which the connection ends has failed.
 */
export function connectAccess(
  path: string,
  { deadlineMs = DEADLINE_MS, idleMs = IDLE_MS, maxAgeMs = MAX_AGE_MS }: ConnectOptions = {},
): Access {
  let connecting: Promise<Connection> | null = null;
  let current: Connection | null = null;
  let idle: ReturnType<typeof setTimeout> | undefined;
  let next = 1;
  let isDisposed = false;
  // Only one caller at a time may have the lock of this connection. The end of the connection releases it.
  let turn: Promise<unknown> = Promise.resolve();
  let isLocked = false;

  const connect = async (): Promise<Connection> => {
    const stream = await Deno.connect({ transport: "unix", path }).catch((cause) => {
      throw unreachable(path, cause instanceof Error ? cause.message : String(cause), cause);
    });
    const writer = stream.writable.getWriter();
    const sinceMs = performance.now();
    const connection: Connection = {
      ...{ stream, writer, sinceMs },
      hasAnswered: false,
      waiting: new Map(),
    };
    void receive(connection, readLines(stream.readable)).finally(() => drop(connection));
    current = connection;
    return connection;
  };
  const drop = (connection: Connection): void => {
    const { stream, waiting } = connection;
    if (current === connection) current = connecting = null;
    for (const answer of waiting.values()) answer(null);
    waiting.clear();
    try {
      stream.close();
    } catch {
      // The end of its lines has closed it.
    }
  };
  /** Closes a connection that is old now, or that stays idle. */
  const rest = (connection: Connection): void => {
    clearTimeout(idle);
    if (connection.waiting.size > 0 || isLocked) return;
    if (performance.now() - connection.sinceMs > maxAgeMs) return drop(connection);
    idle = setTimeout(() => drop(connection), idleMs);
    Deno.unrefTimer(idle);
  };

  /** Sends a request. Null if the connection ended before the answer. */
  const ask = async <K extends AccessRequest["ask"]["for"]>(
    request: Extract<AccessRequest["ask"], { for: K }>,
    withinMs: number,
    signal?: AbortSignal,
  ): Promise<ReplyFor<K> | null> => {
    clearTimeout(idle);
    const connection = await (connecting ??= connect().catch((error) => {
      connecting = null;
      throw error;
    }));
    const { promise, resolve } = Promise.withResolvers<AccessReply["reply"] | null>();
    const id = next++;
    connection.waiting.set(id, resolve);
    const limitMs = connection.hasAnswered ? withinMs : Math.max(withinMs, START_MS);
    const timer = setTimeout(() => drop(connection), limitMs);
    const stop = () => drop(connection);
    signal?.addEventListener("abort", stop);
    try {
      connection.writer.write(encoder.encode(JSON.stringify({ id, ask: request }) + "\n"))
        .catch(() => drop(connection));
      const reply = await promise;
      if (reply?.for === "error") throw unreachable(path, reply.sentence);
      return reply as ReplyFor<K> | null;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      connection.waiting.delete(id);
      rest(connection);
    }
  };
  /** Sends a request that changes nothing. Connects again if the connection ends, because the worker may be old. */
  const askAgain = async <K extends "holders" | "lock">(kind: K, withinMs: number) => {
    const request = { for: kind } as Extract<AccessRequest["ask"], { for: K }>;
    const reply = await ask(request, withinMs) ?? await ask(request, withinMs);
    if (reply === null) throw unreachable(path, "it ended, or did not answer in time");
    return reply;
  };

  return {
    async readHolders() {
      const { byNode, complete } = await askAgain("holders", HOLDERS_MS);
      return { byNode: new Map(byNode), complete };
    },
    async readStates(ids) {
      if (ids.length === 0) return new Map();
      const request = { for: "states" as const, ids: [...ids] };
      // As for the holders: the worker may be old.
      const reply = await ask(request, HOLDERS_MS) ?? await ask(request, HOLDERS_MS);
      return new Map(reply?.states ?? []);
    },
    async readMachines({ xmlOf }) {
      const request = { for: "machines", xmlOf } as const;
      const reply = await ask(request, MACHINES_MS) ?? await ask(request, MACHINES_MS);
      if (reply === null) throw unreachable(path, "it ended, or did not answer in time");
      return reply.found;
    },
    async isRunnable(pid) {
      return (await ask({ for: "runnable", pid }, HOLDERS_MS))?.runnable ?? false;
    },
    whileLocked(run) {
      const done = turn.then(async () => {
        if (!(await askAgain("lock", LOCK_MS)).locked) return null;
        isLocked = true;
        try {
          return await run();
        } finally {
          isLocked = false;
          await ask({ for: "unlock" }, HOLDERS_MS).catch(() => {});
        }
      });
      turn = done.catch(() => {});
      return done;
    },
    async run(task, { signal } = {}) {
      if (isDisposed || signal?.aborted) return failed("Not asked: vfio-ask is stopping");
      const longestMs = 2 * REACH_MS + deadlineMs;
      const reply = await ask({ for: "task", task }, longestMs, signal);
      return reply?.result ?? failed("The worker service ended before it answered");
    },
    async save() {
      return (await ask({ for: "save" }, HOLDERS_MS))?.problems ?? [{
        code: "not-permitted",
        subject: path,
        sentence: "The answers of devices were not saved: the worker service has ended",
        remedy: null,
      }];
    },
    async record(outcomes) {
      for (const outcome of outcomes) {
        const reply = await ask({ for: "record", outcome }, RECORD_MS);
        const problems = reply?.problems ?? [{
          code: "unavailable",
          subject: path,
          sentence:
            "It is not known whether the outcome was recorded: the worker service has ended",
          remedy: "Run vfio-ask outcomes to see it.",
        }];
        if (problems.length > 0) return problems;
      }
      return [];
    },
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      clearTimeout(idle);
      const connection = await connecting?.catch(() => null);
      if (connection) drop(connection);
    },
  };
}

/** Hands each reply to the request that waits for it, until the connection ends. */
async function receive(connection: Connection, lines: Lines): Promise<void> {
  try {
    for (let next = await lines.next(); next !== null; next = await lines.next()) {
      const reply = readLine<AccessReply>(AccessReply, next.line);
      if (reply === null) return;
      connection.hasAnswered = true;
      connection.waiting.get(reply.id)?.(reply.reply);
    }
  } catch {
    // The connection was closed.
  }
}

const encoder = new TextEncoder();

function failed(sentence: string): WorkerResult {
  return workerResult("failed", {
    sentence,
    remedy: "See journalctl -u 'vfio-ask-worker@*' for the reason.",
  });
}

function unreachable(path: string, why: string, cause?: unknown): Failure {
  return new Failure("unavailable", `Cannot ask the worker service at ${path}: ${why}`, {
    subject: path,
    remedy: "Run systemctl status vfio-ask-worker.socket.",
    cause,
  });
}
