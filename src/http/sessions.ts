import { shownName, type Snapshot } from "../documents/mod.ts";
import { HttpProblem } from "./problem.ts";
import type { Question } from "./question.ts";

/** A session to write a source and ask: pinned to a snapshot, with the source once it is written. */
export interface Session {
  id: string;
  snapshot: Snapshot;
  written: Written | null;
}

/** A written source with its size. Another source replaces it as a whole: who reads it meanwhile keeps this one. */
export interface Written {
  question: Question;
  bytes: number;
  /** The numbers of offers and refusals; null until they were counted. */
  counts: { offered: number; refused: number } | null;
}

/** Limits for sessions, so that no client can exhaust the process. */
export const SESSION_LIMITS = {
  /** The maximum number of open sessions. */
  most: 256,
  /** How long a session stays open without a request. */
  idleMs: 15 * 60_000,
  /** The maximum size of all their sources together. */
  bytes: 32 << 20,
};

/** All open sessions. */
export type Sessions = ReturnType<typeof makeSessions>;

/** Open sessions. They are kept in memory and lost when the server restarts. */
export function makeSessions(nowMs: () => number) {
  const open = new Map<string, { session: Session; usedMs: number }>();
  const expire = (): void => {
    for (const [id, { usedMs }] of open) {
      if (nowMs() - usedMs > SESSION_LIMITS.idleMs) open.delete(id);
    }
  };
  return {
    open(snapshot: Snapshot): Session {
      expire();
      if (open.size >= SESSION_LIMITS.most) {
        throw sessionsFull(`${SESSION_LIMITS.most} sessions are open`);
      }
      const session = { id: crypto.randomUUID(), snapshot, written: null };
      open.set(session.id, { session, usedMs: nowMs() });
      return session;
    },
    /** Throws an {@link HttpProblem} if the session does not exist, or has expired. */
    get(id: string): Session {
      expire();
      const entry = open.get(id);
      if (entry === undefined) throw unknownSession(id);
      entry.usedMs = nowMs();
      return entry.session;
    },
    /** Writes a source and returns the session. Throws an {@link HttpProblem} if all sources together are too large. */
    write(id: string, written: Written): Session {
      const session = this.get(id);
      const others = [...open.values()].reduce(
        (sum, { session: other }) => other === session ? sum : sum + (other.written?.bytes ?? 0),
        0,
      );
      if (others + written.bytes > SESSION_LIMITS.bytes) {
        throw sessionsFull(`The sources of open sessions use ${others} bytes`);
      }
      session.written = written;
      return session;
    },
    close(id: string): void {
      expire();
      if (!open.delete(id)) throw unknownSession(id);
    },
    get size(): number {
      expire();
      return open.size;
    },
  };
}

function sessionsFull(why: string): HttpProblem {
  return new HttpProblem("sessions-full", why, {
    remedy: "Close sessions with DELETE, or use POST /v1/ask, which needs no session.",
    headers: { "retry-after": "60" },
  });
}

function unknownSession(id: string): HttpProblem {
  return new HttpProblem(
    "session-unknown",
    `Session ${shownName(id)} does not exist or was closed`,
    {
      value: id,
      remedy: "Open one with POST /v1/sessions.",
    },
  );
}
