import { takeTurns } from "../host/mod.ts";
import type { Lines } from "../children/mod.ts";
import type { WorkerResult, WorkerTask } from "../tasks/mod.ts";
import type { Access } from "./access.ts";
import { type AccessReply, AccessRequest, readLine } from "./requests.ts";

/** How many requests may wait. The server sends few at a time. */
const MAX_WAITING = 64;

/**
 * Answers the requests of one server until its lines end. Then a task that is running is given up and the lock is
 * released. The holders are read while a task is running. Tasks run only while the server has the lock.
 *
 * `permit` gives the result of a task that is not permitted, see `permit`. Throws if the server sends a line that is
 * no request, or too many of them: only another program does so.
 */
export async function serveAccess(
  access: Access,
  { lines, write, permit }: {
    lines: Lines;
    write: (line: string) => void;
    permit: (task: WorkerTask) => WorkerResult | null;
  },
): Promise<void> {
  const end = new AbortController();
  let unlock: (() => void) | null = null;
  let waiting = 0;

  /** Takes the lock and keeps it until `unlock`, or until the lines end. */
  const lock = async (): Promise<AccessReply["reply"]> => {
    if (unlock !== null) return { for: "error", sentence: "The lock is held already" };
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: answered, resolve: answer } = Promise.withResolvers<boolean>();
    unlock = () => {
      unlock = null;
      release();
    };
    end.signal.addEventListener("abort", () => release(), { once: true });
    access.whileLocked(async () => {
      answer(true);
      await held;
    }).then(() => answer(false), () => answer(false));
    const locked = await answered;
    if (!locked) unlock = null;
    return { for: "lock", locked };
  };

  const replyTo = async ({ ask }: AccessRequest): Promise<AccessReply["reply"]> => {
    switch (ask.for) {
      case "holders": {
        const { byNode, complete } = await access.readHolders(takeTurns());
        return { for: "holders", byNode: [...byNode], complete };
      }
      case "states":
        return { for: "states", states: [...await access.readStates(ask.ids)] };
      case "machines": {
        const { xmlOf } = ask;
        return {
          for: "machines",
          found: await access.readMachines({ xmlOf, secrets: false }),
        };
      }
      case "runnable":
        return { for: "runnable", runnable: await access.isRunnable(ask.pid) };
      case "lock":
        return await lock();
      case "unlock":
        unlock?.();
        return { for: "unlock" };
      case "save":
        return { for: "save", problems: unlock === null ? [] : await access.save() };
      case "record":
        return { for: "record", problems: await access.record([ask.outcome]) };
      case "task": {
        if (unlock === null) return { for: "error", sentence: "A task needs the lock" };
        const result = permit(ask.task) ?? await access.run(ask.task, { signal: end.signal });
        return { for: "task", result };
      }
    }
  };

  try {
    for (let next = await lines.next(); next !== null; next = await lines.next()) {
      const request = readLine<AccessRequest>(AccessRequest, next.line);
      if (request === null) throw new Error("Cannot read a request: the line is not a request");
      if (++waiting > MAX_WAITING) throw new Error("Cannot read a request: too many are waiting");
      void replyTo(request)
        .catch((error): AccessReply["reply"] => ({
          for: "error",
          sentence: error instanceof Error ? error.message : String(error),
        }))
        .then((reply) => {
          waiting--;
          if (!end.signal.aborted) write(JSON.stringify({ id: request.id, reply }) + "\n");
        })
        // The server is gone.
        .catch(() => end.abort());
    }
  } finally {
    end.abort();
  }
}
