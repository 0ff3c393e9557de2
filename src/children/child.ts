import { Failure } from "../documents/mod.ts";

/** How long a killed child is waited for before it is taken to be stuck in the kernel. */
const REAP_MS = 1_000;

/** How long what a child has said on standard error at its end is waited for. */
const LAST_WORDS_MS = 100;

/** How much of what a child says on standard error is passed on. */
const MAX_SAID = { lines: 50, characters: 500 };

/** A program that is sent lines and answers with lines. */
export interface Child {
  readonly pid: number;
  send(line: string): void;
  /** The next line that it prints; `late` where none comes in time, `ended` where none comes any more. */
  next(ms: number): Promise<{ line: string } | "late" | "ended">;
  /** Kills it and lets go of it: one that cannot be killed, as it is stuck in the kernel, is left behind. */
  end(): Promise<void>;
}

/**
 * Starts a program with pipes of its own, so that none of this process's files stays open in one that cannot be killed.
 * What it says on standard error is passed on to this process's. Throws a {@link Failure} where it cannot be started.
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
    // One that ends before it has read a line says so by its output.
    send: (line) => void input.write(new TextEncoder().encode(line + "\n")).catch(() => {}),
    async next(ms) {
      // The line that came too late for one call is the next one's.
      const next = await within(awaited ??= output.next(), ms);
      if (next !== "late") awaited = null;
      return next ?? "ended";
    },
    end: () => ending ??= end(),
  };
}

/** Says again what a child says, up to a limit; what comes after it is read, so that the child does not wait. */
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

/** Kills a child that may have ended meanwhile, and waits until it has; leaves one that does not. */
export async function killChild(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
  if (await within(child.status, REAP_MS) === "late") child.unref();
}

/** Lines of a stream. */
export interface Lines {
  /** The next line, null at the end. */
  next(): Promise<{ line: string } | null>;
  /** Leaves the stream, which others may hold open for longer. */
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

/** The promise's value, or `late`. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | "late"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => timer = setTimeout(() => resolve("late"), ms));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
