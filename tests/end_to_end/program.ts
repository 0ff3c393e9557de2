import { assert, assertEquals } from "@std/assert";
import { programCommand } from "../fixtures/run_cli.ts";

/** A folder of a test's own; `tmp` in it is where the program keeps what is temporary. */
export interface Workplace extends AsyncDisposable {
  folder: string;
  env: Record<string, string>;
  /** What the program has left in its temporary folder. */
  leftovers(): string[];
}

export async function openWorkplace(): Promise<Workplace> {
  const folder = await Deno.makeTempDir({ prefix: "vfio-ask-e2e-" });
  await Deno.mkdir(`${folder}/tmp`);
  return {
    folder,
    env: { TMPDIR: `${folder}/tmp`, NO_COLOR: "1" },
    leftovers: () =>
      Array.from(Deno.readDirSync(`${folder}/tmp`), ({ name }) => name)
        .filter((name) => name.startsWith("vfio-ask-")),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Runs a command to its end. */
export async function run(
  { env }: Workplace,
  args: readonly string[],
  { stdin = "" }: { stdin?: string } = {},
): Promise<{ code: number; out: string; err: string }> {
  const [program, ...rest] = [...programCommand(), ...args];
  const child = new Deno.Command(program!, {
    args: rest,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

/** A server that runs as a process of its own. */
export interface Server extends AsyncDisposable {
  pid: number;
  /** `http://127.0.0.1:PORT`; empty where it does not listen on TCP. */
  base: string;
  /** What it has said on standard output so far. */
  said: string;
  /** Sends a signal and waits for the end. */
  stop(signal?: Deno.Signal): Promise<Deno.CommandStatus>;
}

/** Starts `serve` on a simulated host and waits until it says where it listens. */
export async function startServer(
  { env, folder }: Workplace,
  { args = ["--listen", "127.0.0.1:0"], extra = {}, openFiles }: {
    args?: readonly string[];
    extra?: Record<string, string>;
    /** The most files that the server can have open at the same time. */
    openFiles?: number;
  } = {},
): Promise<Server> {
  const serve = ["serve", "--simulate", "gpu-host", ...args];
  const limit = openFiles === undefined
    ? []
    : ["sh", "-c", `ulimit -n ${openFiles}; exec "$0" "$@"`];
  const [program, ...rest] = [...limit, ...programCommand(), ...serve];
  const child = new Deno.Command(program!, {
    args: rest,
    env: { ...env, ...extra },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = keepErrors(child.stderr, `${folder}/stderr`);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    said += value;
  }
  const base = /http:\/\/\S+/.exec(said)?.[0] ?? "";
  let ended: Deno.CommandStatus | null = null;
  const end = async (): Promise<Deno.CommandStatus> => {
    ended = await child.status;
    await reader.cancel();
    await errors;
    return ended;
  };
  return {
    pid: child.pid,
    base,
    said,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      return await end();
    },
    async [Symbol.asyncDispose]() {
      if (ended !== null) return;
      child.kill("SIGKILL");
      await end();
    },
  };
}

/** Appends what a server writes to a file, at once: a pipe to a file keeps it until the next write. */
async function keepErrors(stream: ReadableStream<Uint8Array>, path: string): Promise<void> {
  await Deno.writeFile(path, new Uint8Array(), { append: true });
  for await (const chunk of stream) Deno.writeFileSync(path, chunk, { append: true });
}

/** One request over a Unix socket, written by hand; gives status and body. */
export async function askUnix(
  path: string,
  { method = "GET", target, body = "" }: { method?: string; target: string; body?: string },
): Promise<{ status: number; body: string }> {
  using connection = await Deno.connect({ transport: "unix", path });
  const bytes = new TextEncoder().encode(body);
  const head = [
    `${method} ${target} HTTP/1.1`,
    "Host: vfio-ask",
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${bytes.length}`,
  ].join("\r\n");
  const request = new Uint8Array([...new TextEncoder().encode(`${head}\r\n\r\n`), ...bytes]);
  for (let at = 0; at < request.length;) at += await connection.write(request.subarray(at));
  const answer = await readAll(connection);
  const [, status, rest] = /^HTTP\/1\.1 (\d{3})[\s\S]*?\r\n\r\n([\s\S]*)$/.exec(answer) ?? [];
  assert(status !== undefined, answer);
  return {
    status: Number(status),
    body: /transfer-encoding: chunked/i.test(answer) ? unchunk(rest!) : rest!,
  };
}

async function readAll(connection: Deno.Conn): Promise<string> {
  const text = new TextDecoder();
  const buffer = new Uint8Array(65536);
  let answer = "";
  for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
    answer += text.decode(buffer.subarray(0, n), { stream: true });
  }
  return answer;
}

function unchunk(text: string): string {
  const match = /^([0-9a-f]+)\r\n/i.exec(text);
  const length = parseInt(match?.[1] ?? "0", 16);
  if (match === null || length === 0) return "";
  const start = match[0].length;
  return text.slice(start, start + length) + unchunk(text.slice(start + length + 2));
}

/** A response's JSON, which must have come with this status. */
export async function json(response: Response, status = 200): Promise<Record<string, unknown>> {
  const text = await response.text();
  assertEquals(response.status, status, text);
  return JSON.parse(text);
}
