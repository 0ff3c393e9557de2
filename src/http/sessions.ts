import type { AnswerOptions } from "../answers/mod.ts";
import { type Identity, shownName, type Snapshot } from "../documents/mod.ts";
import { HttpProblem } from "./problem.ts";

/** A session to write a source and ask: pinned to a snapshot, with the source once it is written. */
export interface Session {
  id: string;
  snapshot: Snapshot;
  written: Written | null;
}

/**
 * A written source, the options of its answer (with test results), its size, and the numbers of offers and refusals.
 */
export interface Written {
  source: Identity;
  options: AnswerOptions;
  bytes: number;
  offered: number;
  refused: number;
}

export interface SessionLimits {
  /** The maximum number of open sessions. */
  most: number;
  /** How long a session stays open without a request. */
  idleMs: number;
  /** The maximum size of all their sources together. */
  bytes: number;
}

export const SESSION_LIMITS: SessionLimits = { most: 256, idleMs: 15 * 60_000, bytes: 32 << 20 };

/** Open sessions. They are kept in memory and lost when the server restarts. */
export interface Sessions {
  open(snapshot: Snapshot): Session;
  /** Throws an {@link HttpProblem} if the session does not exist, or has expired. */
  get(id: string): Session;
  /** Writes a source and returns the session. Throws an {@link HttpProblem} if all sources together are too large. */
  write(id: string, written: Written): Session;
  close(id: string): void;
  readonly size: number;
}

export function makeSessions(
  nowMs: () => number,
  limits: SessionLimits = SESSION_LIMITS,
): Sessions {
  const open = new Map<string, { session: Session; usedMs: number }>();
  const expire = (): void => {
    for (const [id, { usedMs }] of open) {
      if (nowMs() - usedMs > limits.idleMs) open.delete(id);
    }
  };
  return {
    open(snapshot) {
      expire();
      if (open.size >= limits.most) {
        throw sessionsFull(`${limits.most} sessions are open`);
      }
      const session: Session = { id: crypto.randomUUID(), snapshot, written: null };
      open.set(session.id, { session, usedMs: nowMs() });
      return session;
    },
    get(id) {
      expire();
      const entry = open.get(id);
      if (entry === undefined) throw unknownSession(id);
      entry.usedMs = nowMs();
      return entry.session;
    },
    write(id, written) {
      const session = this.get(id);
      const others = [...open.values()].reduce(
        (sum, { session: other }) => other === session ? sum : sum + (other.written?.bytes ?? 0),
        0,
      );
      if (others + written.bytes > limits.bytes) {
        throw sessionsFull(`The sources of open sessions use ${others} bytes`);
      }
      session.written = written;
      return session;
    },
    close(id) {
      expire();
      if (!open.delete(id)) throw unknownSession(id);
    },
    get size() {
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
