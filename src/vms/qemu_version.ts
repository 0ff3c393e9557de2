import { runProgram } from "../children/mod.ts";
import { parseQemuVersion } from "../documents/mod.ts";
import type { HostRoots } from "../host/mod.ts";

/** How long QEMU may take to print its version. */
const TIMEOUT_MS = 10_000;

/** How much of its output is read, in characters. */
const MOST_CHARACTERS = 65_536;

/** Reads the version of the QEMU that a process runs. */
export type QemuVersionReader = (pid: number) => Promise<string | null>;

/**
 * Makes a reader of the version of the QEMU that a process runs, which may be older than the installed one. Null if it
 * is not known.
 *
 * The program is run as this user, usually root, so it must be one that only root can replace: a file of root that
 * nobody else may write, on the same file system as the host's own programs, of a process with the host's root
 * directory. A process in a container can have any program, and its QEMU is not run.
 *
 * Source: `/proc/PID/exe -version`. It also works after an upgrade removed the file. Effect: runs the program once for
 * each file.
 */
export function makeQemuVersionReader(
  { proc }: HostRoots,
  { timeoutMs = TIMEOUT_MS, trusted = isTrusted }: {
    timeoutMs?: number;
    trusted?: (folder: string) => boolean;
  } = {},
): QemuVersionReader {
  const known = new Map<string, Promise<string | null>>();
  return async (pid) => {
    const folder = `${proc}/${pid}`;
    const program = `${folder}/exe`;
    const file = fileOf(program);
    if (file === null || !trusted(folder)) return null;
    const running = known.get(file) ?? readVersion(program, timeoutMs);
    known.set(file, running);
    const version = await running;
    // A busy host may have been the reason: ask again next time.
    if (version === null) known.delete(file);
    return version;
  };
}

async function readVersion(program: string, timeoutMs: number): Promise<string | null> {
  const options = { args: ["-version"], timeoutMs, mostCharacters: MOST_CHARACTERS };
  return parseQemuVersion((await runProgram(program, options))?.out ?? "");
}

/** Whether nobody but root can choose the program of a process. */
function isTrusted(folder: string): boolean {
  try {
    const program = Deno.statSync(`${folder}/exe`);
    const [root, own] = [Deno.statSync(`${folder}/root/`), Deno.statSync("/")];
    if (root.dev !== own.dev || root.ino !== own.ino) return false;
    const devices = ["/", "/usr/bin"].map((path) => Deno.statSync(path).dev);
    return program.uid === 0 && ((program.mode ?? 0o777) & 0o022) === 0 &&
      devices.includes(program.dev);
  } catch {
    return false;
  }
}

/** A text that changes when the file is another one or was written; null without a file or permission. */
function fileOf(program: string): string | null {
  try {
    const { dev, ino, mtime, size } = Deno.statSync(program);
    return [dev, ino, mtime?.getTime(), size].join(" ");
  } catch {
    return null;
  }
}
