import { Failure } from "../identity/mod.ts";

/** How long a killed child is waited for before it is taken to be stuck in the kernel. */
const REAP_MS = 1_000;

/**
 * How long a child may take to come to a device: to start, and to look at the host. A busy machine is not the
 * device's fault, so that its deadline counts from when it is opened.
 */
const REACH_MS = 120_000;

const OPENING = '{"opening":';

/** The line that a child prints when it is about to enter the kernel for a device. */
export function openingLine(device: string): string {
  return `${JSON.stringify({ opening: device })}\n`;
}

/** Is told which children run. */
export interface ChildListener {
  started?(pid: number): void;
  ended?(pid: number): void;
}

export interface ChildOptions {
  /** How many answers the child owes, a line each. */
  count: number;
  /** How long it may take for each, from its {@link openingLine} on. */
  deadlineMs: number;
  /** How long it may take to come to a device. */
  reachMs?: number;
  /** What it reads on its standard input. */
  input?: string;
  listener?: ChildListener;
  /** Ends the child. */
  signal?: AbortSignal | undefined;
}

/** Why a child gave no answer: it hangs at a device, it never came to it, or it died. */
export type ChildTrouble = "stuck" | "late" | "died";

/** An answer that a child printed, or why there is none, which is the last. */
export type FromChild = { pid: number } & ({ line: string } | { trouble: ChildTrouble });

/**
 * Runs this program as a short-lived child, for what may hang in the kernel or die there, and gives the answers
 * that it prints, up to `count`.
 *
 * A child that is late with an answer is killed; one that cannot even be killed is left behind. When the reader
 * stops early the child ends too. Throws a {@link Failure} where it cannot be started.
 */
export async function* linesOfChild(
  command: readonly string[],
  { count, deadlineMs, reachMs = REACH_MS, input, listener = {}, signal }: ChildOptions,
): AsyncGenerator<FromChild> {
  const child = spawn(command, input !== undefined);
  const { pid } = child;
  listener.started?.(pid);
  const abort = () => killChild(child);
  signal?.addEventListener("abort", abort);
  if (input !== undefined) feed(child, input);
  const lines = readLines(child.stdout);
  let finished = false;
  let trouble: ChildTrouble | null = null;
  let isAtDevice = false;
  try {
    for (let taken = 0; taken < count && trouble === null;) {
      const line = await within(lines.next(), isAtDevice ? deadlineMs : reachMs);
      if (line === "late") trouble = isAtDevice ? "stuck" : "late";
      else if (line === null) trouble = "died";
      else if (line.line.startsWith(OPENING)) isAtDevice = true;
      else {
        isAtDevice = false;
        taken++;
        yield { pid, line: line.line };
      }
    }
    finished = trouble === null;
  } finally {
    if (!finished) killChild(child);
    await reapChild(child);
    lines.cancel();
    signal?.removeEventListener("abort", abort);
    listener.ended?.(pid);
  }
  if (trouble !== null && !signal?.aborted) yield { pid, trouble };
}

function spawn([program, ...args]: readonly string[], piped: boolean): Deno.ChildProcess {
  try {
    return new Deno.Command(program!, {
      args,
      stdin: piped ? "piped" : "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  } catch (cause) {
    throw new Failure("internal", `Cannot start ${program} to ask devices`, {
      subject: program!,
      cause,
    });
  }
}

/** Writes the input; a child that ends before it has read all says so by its lines. */
function feed(child: Deno.ChildProcess, input: string): void {
  const writer = child.stdin.getWriter();
  writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
}

/** Waits for a child that should end, kills it where it does not, and leaves one that cannot be killed. */
export async function reapChild(child: Deno.ChildProcess): Promise<void> {
  if (await within(child.status, REAP_MS) !== "late") return;
  killChild(child);
  if (await within(child.status, REAP_MS) === "late") child.unref();
}

/** Kills a child that may have ended meanwhile. */
export function killChild(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

/** Lines of a stream, null at its end. A pipe that others hold open too can be left with `cancel`. */
function readLines(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  return {
    async next(): Promise<{ line: string } | null> {
      for (;;) {
        const end = text.indexOf("\n");
        if (end >= 0) {
          const line = text.slice(0, end);
          text = text.slice(end + 1);
          return { line };
        }
        const { done, value } = await reader.read();
        if (done) return null;
        text += decoder.decode(value, { stream: true });
      }
    },
    cancel(): void {
      reader.cancel().catch(() => {});
    },
  };
}

/** The promise's value, or `late`. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | "late"> {
  let timer: number | undefined;
  const late = new Promise<"late">((resolve) => timer = setTimeout(() => resolve("late"), ms));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
