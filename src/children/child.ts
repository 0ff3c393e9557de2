import { Failure } from "../documents/mod.ts";

/** How long to wait for a killed child. After that, it is considered stuck in the kernel. */
const REAP_MS = 1_000;

/** How long to wait for the last standard error output of a killed child. */
const LAST_WORDS_MS = 100;

/** How much of a child's standard error is passed on. */
const MAX_SAID = { lines: 50, characters: 500 };

/** A child process that reads lines and answers with lines. */
export interface Child {
  readonly pid: number;
  send(line: string): void;
  /** The next line that it prints; `late` if none comes within `ms`, `ended` if its output has ended. */
  next(ms: number): Promise<{ line: string } | "late" | "ended">;
  /** Kills it. A child that is stuck in the kernel cannot be killed and is left behind. */
  end(): Promise<void>;
}

/**
 * Starts a program with its own pipes, so that a child that cannot be killed does not keep files of this process open.
 * Passes the child's standard error on to this process's. Throws a {@link Failure} if the program cannot be started.
 */
export function startChild([program = "", ...args]: readonly string[]): Child {
  let child: Deno.ChildProcess;
  try {
    const options = { args, stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    child = new Deno.Command(program, options).spawn();
  } catch (cause) {
    throw new Failure("internal", `Cannot start ${program} to ask devices`, {
      subject: program,
      cause,
    });
  }
  const { pid } = child;
  const input = child.stdin.getWriter();
  const output = readLines(child.stdout);
  const errors = readLines(child.stderr);
  const passed = passOn(errors, pid);
  const end = async () => {
    await killChild(child);
    await within(passed, LAST_WORDS_MS);
    input.abort().catch(() => {});
    output.cancel();
    errors.cancel();
  };
  let ending: Promise<void> | null = null;
  let awaited: Promise<{ line: string } | null> | null = null;
  return {
    pid,
    // A failed write is ignored: the end of the child's output shows that it has ended.
    send: (line) => void input.write(new TextEncoder().encode(line + "\n")).catch(() => {}),
    async next(ms) {
      // A line that came too late for one call is returned by the next call.
      const next = await within(awaited ??= output.next(), ms);
      if (next !== "late") awaited = null;
      return next ?? "ended";
    },
    end: () => ending ??= end(),
  };
}

/** Prints a child's lines, up to a limit. Reads the rest without printing it, so that the child does not block. */
async function passOn(lines: Lines, pid: number): Promise<void> {
  for (let count = 1;; count++) {
    const next = await lines.next();
    if (next === null) return;
    const { line } = next;
    if (count <= MAX_SAID.lines) {
      console.error(`vfio-ask worker[${pid}]: ${line.slice(0, MAX_SAID.characters)}`);
    }
  }
}

/** Kills a child and waits until it has ended. Leaves it behind if it does not end. */
export async function killChild(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has already ended.
  }
  if (await within(child.status, REAP_MS) === "late") child.unref();
}

/** The lines of a stream. */
export interface Lines {
  /** The next line; null at the end. */
  next(): Promise<{ line: string } | null>;
  /** Stops reading, even if another process still holds the stream open. */
  cancel(): void;
}

export function readLines(stream: ReadableStream<Uint8Array>): Lines {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  const lines: string[] = [];
  let rest = "";
  return {
    async next() {
      for (;;) {
        const line = lines.shift();
        if (line !== undefined) return { line };
        const { done, value } = await reader.read();
        if (done) return null;
        const parts = decoder.decode(value, { stream: true }).split("\n");
        parts[0] = rest + parts[0];
        rest = parts.pop() ?? "";
        lines.push(...parts);
      }
    },
    cancel: () => void reader.cancel().catch(() => {}),
  };
}

/** The promise's value, or `late` after `ms`. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | "late"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => timer = setTimeout(() => resolve("late"), ms));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
