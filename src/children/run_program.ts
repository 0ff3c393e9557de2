import { killChild } from "./child.ts";

/** What a program printed, and whether it succeeded. */
export interface Ran {
  out: string;
  err: string;
  success: boolean;
}

/** How a program is run. */
export interface RunOptions {
  args: readonly string[];
  timeoutMs: number;
  /** How much of its output is read, in characters. */
  mostCharacters: number;
}

/**
 * Runs a program, without a shell, this program's environment or input. Null if it does not start, does not end in time
 * or prints too much.
 *
 * Effect: that of the program. Kills it when time is over, or when it closes its output and does not end.
 */
export async function runProgram(
  path: string,
  { args, timeoutMs, mostCharacters }: RunOptions,
): Promise<Ran | null> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(path, {
      args: [...args],
      clearEnv: true,
      env: { LC_ALL: "C" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch {
    return null;
  }
  const readers = [child.stdout.getReader(), child.stderr.getReader()] as const;
  const { promise: late, resolve: giveUp } = Promise.withResolvers<null>();
  const timer = setTimeout(() => giveUp(null), timeoutMs);
  try {
    const [out, err] = await Promise.all(
      readers.map(async (reader) => {
        const text = await readToEnd(reader, late, mostCharacters);
        if (text === null) giveUp(null);
        return text;
      }),
    );
    if (out == null || err == null) return null;
    const status = await Promise.race([child.status, late]);
    return status === null ? null : { out, err, success: status.success };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    await killChild(child);
    // A process that it started may still hold the pipes open.
    for (const reader of readers) await reader.cancel().catch(() => {});
  }
}

/** The whole stream; null if it does not end in time or is too long. */
async function readToEnd(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  late: Promise<null>,
  mostCharacters: number,
): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = "";
  while (text.length < mostCharacters) {
    const came = await Promise.race([reader.read(), late]);
    if (came === null) return null;
    if (came.done) return text;
    text += decoder.decode(came.value, { stream: true });
  }
  return null;
}
