import type { Target } from "../../tests/fixtures/adversary.ts";
import { readTarget } from "../../tests/fixtures/attack_server.ts";
import { connectRaw } from "../../tests/fixtures/raw_http.ts";
import type { Figure } from "./figure.ts";
import { prepareBigServers, type Running, startServer } from "./servers.ts";

const ROUNDS = 3;
const ASKING_MS = 15_000;
/** The pause of a client between two requests. */
const PAUSE_MS = 50;
const TARGET_MS = 50;
const LIMIT_MS = 30_000;

/** The token that permits preflights. */
const TOKEN = "token-of-the-benchmark";

/** A worker that says that it opens the device, and is never heard of again. */
const STUB = `#!/bin/sh
read task
echo '{"opening":"a device"}'
exec sleep 1000
`;

/**
 * The 99th percentile of the time of an answer while the worker is stuck in a device: a server on a host with 1,000
 * devices, whose workers are replaced by a program that never answers. Tests and probes wait for it, one after the other.
 * The yardstick is a server of one route under the same requests, all for that route.
 */
export async function benchStuck(rounds = ROUNDS): Promise<Figure[]> {
  const { ours: [binary, ...args], yardstick } = await prepareBigServers("stuck-host");
  const options = args.filter((arg, index) => arg !== "--probe" && args[index - 1] !== "--probe");
  const tokenFile = await Deno.makeTempFile({ prefix: "vfio-ask-token-" });
  await Deno.writeTextFile(tokenFile, TOKEN, { mode: 0o600 });
  options.push("--settle=0", "--preflight=load", `--token-file=${tokenFile}`);
  await using server = await startServer([binary, ...options]);
  await Deno.remove(tokenFile);
  replaceWorkers(server, binary);
  await using other = await startServer(yardstick);
  const target = await readTarget(`http://127.0.0.1:${server.port}`);
  console.log(
    `stuck: ${rounds} rounds of ${ASKING_MS / 1000} s, a request every ${PAUSE_MS} ms each`,
  );
  using waiting = keepWaiting(server, target);
  const paths = ["/healthz", "/v1/devices", "/v1/ask"];
  const samples = {
    ours: paths.map(() => [] as number[]),
    yardstick: paths.map(() => [] as number[]),
  };
  for (let round = 0; round <= rounds; round++) {
    const own = await measureAll(server, paths.map((path) => toRequest(path, target)));
    const theirs = await measureAll(other, paths.map(() => toRequest("/healthz", target)));
    // The first round compiles what the server is made of.
    if (round === 0) continue;
    for (const index of paths.keys()) {
      samples.ours[index]!.push(own[index]!);
      samples.yardstick[index]!.push(theirs[index]!);
    }
  }
  console.log(`  ${waiting.ended()} readers waited for a test in vain`);
  if (waiting.ended() === 0) throw new Error("Cannot measure: no test has waited for a worker");
  return paths.map((path, index) => ({
    name: `worker stuck, ${path}, p99`,
    unit: "ms",
    ours: samples.ours[index]!,
    yardstick: samples.yardstick[index]!,
    target: null,
    most: TARGET_MS,
  }));
}

/** Puts the stub where the server finds the program for its workers, and kills the worker that it has. */
function replaceWorkers({ pid }: Running, binary: string): void {
  const stub = `${binary}.stub`;
  Deno.writeTextFileSync(stub, STUB);
  Deno.chmodSync(stub, 0o755);
  // In one step: a worker that starts meanwhile finds a program.
  Deno.renameSync(stub, binary);
  for (const child of childrenOf(pid)) Deno.kill(child, "SIGKILL");
}

/** Source: `/proc/P/task/T/children`. */
function childrenOf(pid: number): number[] {
  return Array.from(Deno.readDirSync(`/proc/${pid}/task`))
    .flatMap(({ name }) => Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`).split(" "))
    .map(Number).filter((child) => child > 0);
}

/** Keeps a reader that waits for tests, until it is disposed of. */
function keepWaiting({ port }: Running, { identity }: Target) {
  let [isOn, ended] = [true, 0];
  const initialData = {
    base64: "AAAAAAAAAAA=",
    bytes: 8,
    sha256: "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc",
    origin: "self",
  };
  const body = JSON.stringify({ ...identity, initialData });
  const headers = {
    "content-type": "application/json",
    accept: "application/x-ndjson",
    authorization: `Bearer ${TOKEN}`,
  };
  const url = `http://127.0.0.1:${port}/v1/ask?preflight=1`;
  const end = new AbortController();
  const asking = async (): Promise<void> => {
    while (isOn) {
      const request = { method: "POST", headers, body, signal: end.signal };
      const response = await fetch(url, request);
      const text = await response.text();
      // The test was given up at the deadline, or waited too long for the probes before it.
      if (!/"Stuck"|"complete":false/.test(text)) {
        throw new Error(`Cannot wait for a test: ${text.slice(-500)}`);
      }
      ended++;
    }
  };
  const failed = asking().catch((error) => {
    if (isOn) throw error;
  });
  failed.catch((error) => console.log(`  ${error}`));
  return {
    /** How many readers have waited for a stuck worker until its deadline. */
    ended: () => ended,
    [Symbol.dispose]() {
      isOn = false;
      end.abort();
    },
  };
}

function toRequest(path: string, { host, identity }: Target): Uint8Array {
  const body = path === "/v1/ask" ? JSON.stringify(identity) : "";
  const method = path === "/v1/ask" ? "POST" : "GET";
  const length = new TextEncoder().encode(body).length;
  return new TextEncoder().encode(
    `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${length}\r\n\r\n${body}`,
  );
}

/** The 99th percentile of each request's time, all asked at the same time. */
async function measureAll({ port }: Running, requests: readonly Uint8Array[]): Promise<number[]> {
  const until = performance.now() + ASKING_MS;
  return await Promise.all(requests.map(async (request) => {
    using connection = await connectRaw(port);
    const times: number[] = [];
    while (performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      const began = performance.now();
      await connection.send(request);
      const outcome = await connection.next(LIMIT_MS);
      times.push(performance.now() - began);
      if (outcome === null || outcome === "late" || outcome.status !== 200) {
        throw new Error(`Cannot ask while a worker is stuck: ${JSON.stringify(outcome)}`);
      }
    }
    return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
  }));
}
