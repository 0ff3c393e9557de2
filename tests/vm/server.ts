import { PROGRAM, until } from "./machine.ts";

/** The program under test as a server, which stops at the end of the case that uses it. */
export interface Server extends AsyncDisposable {
  url: string;
  pid: number;
  /** Sends SIGTERM once; returns the exit code. */
  stop(): Promise<number>;
}

/** The token that permits preflights, and its file. */
export const TOKEN = "token-of-the-tests-in-virtual-machines";
const TOKEN_FILE = Deno.makeTempFileSync({ prefix: "vfio-ask-token-" });
Deno.writeTextFileSync(TOKEN_FILE, TOKEN);

/** Starts the server on a free port and waits for its address. Callers with the token may start preflights. */
export async function startServer(...options: string[]): Promise<Server> {
  const child = new Deno.Command(PROGRAM, {
    args: ["serve", "--listen", "127.0.0.1:0", "--token-file", TOKEN_FILE, ...options],
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`The server ended: ${said}`);
    said += value;
  }
  let code: Promise<number> | null = null;
  const end = async () => {
    child.kill("SIGTERM");
    const status = await child.status;
    await reader.cancel();
    return status.code;
  };
  const stop = () => code ??= end();
  return {
    url: said.match(/http:\S+/)![0],
    pid: child.pid,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

/** Returns a server's answer for a source and a target. */
// deno-lint-ignore no-explicit-any
export type Test = (source: any, target: string) => Promise<any>;

/** Tests many sources with one server, which is faster than one program per test. */
export async function withTests(options: readonly string[], run: (test: Test) => Promise<void>) {
  await using server = await startServer(...options);
  await run(async (source, device) => {
    const body = { source, target: { device } };
    const answer = await call(`${server.url}/v1/test`, { method: "POST", body });
    if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
    return answer.json();
  });
}

/** Waits until the server has probed a device of the class; returns the device. */
// deno-lint-ignore no-explicit-any
export async function waitForMigration(url: string, id: string): Promise<any> {
  const device = async () => (await call(`${url}/v1/devices/${id}`)).json();
  await until(`${id} is probed`, async () => (await device()).migration.uapi !== "unknown");
  return await device();
}

/** Closes idle connections soon, so that they do not look like descriptors that the server leaks. */
const CLIENT = Deno.createHttpClient({ poolIdleTimeout: 1_000 });

/** Sends a request with the token and returns its JSON answer. */
export async function call(
  url: string,
  { method = "GET", body, accept }: { method?: string; body?: unknown; accept?: string } = {},
  // deno-lint-ignore no-explicit-any
): Promise<{ status: number; headers: Headers; text: string; json: () => any }> {
  const response = await fetch(url, {
    client: CLIENT,
    method,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(accept === undefined ? {} : { accept }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}
