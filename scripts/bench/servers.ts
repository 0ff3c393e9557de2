import { join } from "@std/path";
import { plantHost } from "../../src/simulator/mod.ts";
import { bigHost } from "./big_host.ts";
import { build, copyProgram, WORKSHOP } from "./build.ts";

/** The command line of a compiled server, which prints its address when it listens and answers `/healthz`. */
export type Server = readonly [binary: string, ...args: string[]];

/** A running server. Dispose of it to kill it. */
export interface Running extends AsyncDisposable {
  pid: number;
  port: number;
  /** Requests one path. Throws unless the answer is 200. */
  ask(path: string): Promise<void>;
}

/** The longest time to wait for the first answer of a server. */
const LIMIT_MS = 20_000;

/** `vfio-ask serve` on an empty host, and the yardstick, both built in the same way. */
export async function prepareServers(): Promise<{ ours: Server; yardstick: Server }> {
  const yardstick = await build("hello");
  const ours = await copyProgram();
  const roots = ["sysfs", "dev", "proc", "state"].flatMap((name) => {
    const directory = join(WORKSHOP, "empty", name);
    Deno.mkdirSync(directory, { recursive: true });
    return [`--${name}`, directory];
  });
  const listen = ["--listen", "127.0.0.1:0", "--probe", "never"];
  return { ours: [ours, "serve", ...listen, ...roots], yardstick: [yardstick] };
}

/** `vfio-ask serve` on a host with 1,000 devices, planted below `folder`, and the yardstick. */
export async function prepareBigServers(
  folder: string,
): Promise<{ ours: Server; yardstick: Server }> {
  const { ours: [binary], yardstick } = await prepareServers();
  const directory = join(WORKSHOP, folder);
  const { sys, dev, proc } = plantHost(bigHost(), directory);
  // As in the kernel's own tree: the server follows the events of this machine, and does not poll.
  Deno.writeTextFileSync(join(sys, "kernel/uevent_seqnum"), "1\n");
  const roots = Object.entries({ sysfs: sys, dev, proc, state: join(directory, "state") });
  const options = roots.flatMap(([name, path]) => [`--${name}`, path]);
  return {
    ours: [binary, "serve", "--listen", "127.0.0.1:0", "--probe", "never", ...options],
    yardstick,
  };
}

/** Starts a server and requests `/healthz` without a pause until the first answer. */
export async function startServer([binary, ...args]: Server): Promise<Running> {
  const child = new Deno.Command(binary, { args, stdout: "piped", stderr: "inherit" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = await readPort(reader);
  const running = {
    pid: child.pid,
    port,
    ask: (path: string) => askPath(port, path),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
  const limit = performance.now() + LIMIT_MS;
  for (;;) {
    try {
      await running.ask("/healthz");
      return running;
    } catch (error) {
      if (performance.now() < limit) continue;
      await running[Symbol.asyncDispose]();
      throw error;
    }
  }
}

async function readPort(reader: ReadableStreamDefaultReader<string>): Promise<number> {
  for (let text = "";;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Cannot find an address in what the server printed: ${text}`);
    text += value;
    const port = /http:\/\/127\.0\.0\.1:(\d+)\n/.exec(text)?.[1];
    if (port !== undefined) return Number(port);
  }
}

/** One request over its own connection: `fetch` would need time to warm up. */
async function askPath(port: number, path: string): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, "Connection: close", "", ""];
  await connection.write(new TextEncoder().encode(lines.join("\r\n")));
  const answer = await new Response(connection.readable).text();
  if (!answer.startsWith("HTTP/1.1 200 ")) throw new Error(`Cannot ask ${path}: ${answer}`);
}
