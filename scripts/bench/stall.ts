import type { Figure } from "./figure.ts";
import { prepareBigServers, type Running, type Server, startServer } from "./servers.ts";

const ROUNDS = 3;
const ASKING_MS = 10_000;
const PAUSE_MS = 3;
const TARGET_MS = 100;

/** A repeated question. The body is `null` for a GET. */
type Question = readonly [path: string, body: string | null];

/**
 * The longest time between two answers of `/healthz`, requested every few milliseconds, during questions about a host
 * with 1,000 devices: one with a short answer, whose cost is only the scan, the list of all devices, and an ask. The
 * yardstick is a server of one route under requests for that route: it shows the stalls of the machine itself.
 */
export async function benchStall(): Promise<Figure[]> {
  const { ours, yardstick } = await prepareBigServers("stall-host");
  console.log(`stall: ${ROUNDS} rounds of ${ASKING_MS / 1000} s for each question`);
  const { first, identity } = await readSource(ours);
  const questions: Readonly<Record<string, Question>> = {
    "one device": [`/v1/devices/${first}`, null],
    "all devices": ["/v1/devices", null],
    "ask": ["/v1/ask", identity],
    "ask, each refusal": ["/v1/ask?refusals=each&offers=all", identity],
    "the snapshot": ["/v1/snapshot", null],
  };
  const figures: Figure[] = [];
  for (const [name, question] of Object.entries(questions)) {
    const samples = { ours: [] as number[], yardstick: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      samples.ours.push(await measureStall(ours, question));
      samples.yardstick.push(await measureStall(yardstick, ["/healthz", null]));
    }
    const unit = "ms";
    figures.push({ name: `stall, ${name}`, unit, ...samples, target: null, most: TARGET_MS });
  }
  return figures;
}

/** A device of the host, and its identity for another host. */
async function readSource(server: Server): Promise<{ first: string; identity: string }> {
  await using running = await startServer(server);
  const base = `http://127.0.0.1:${running.port}`;
  const { devices: [device] } = await (await fetch(`${base}/v1/devices`)).json();
  const identity = await (await fetch(`${base}/v1/devices/${device.id}/identity`)).text();
  return { first: device.id, identity };
}

async function measureStall(server: Server, question: Question): Promise<number> {
  await using running = await startServer(server);
  // The first answers compile what the server is made of.
  await askOver(running, question, performance.now() + ASKING_MS / 5);
  const until = performance.now() + ASKING_MS;
  const asking = askOver(running, question, until);
  let longest = 0;
  for (let last = performance.now(); last < until;) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    await running.ask("/healthz");
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  await asking;
  return longest;
}

/** Repeats a question. Throws unless each answer is 200. */
async function askOver(
  { port }: Running,
  [path, body]: Question,
  untilMs: number,
): Promise<void> {
  const headers = { "content-type": "application/json" };
  const init = body === null ? {} : { method: "POST", headers, body };
  while (performance.now() < untilMs) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
    const { byteLength } = await response.arrayBuffer();
    if (!response.ok) {
      throw new Error(`Cannot ask ${path}: ${response.status}, ${byteLength} bytes`);
    }
  }
}
