import { build } from "./build.ts";
import type { Figure } from "./figure.ts";
import { prepareBigServers, type Running, type Server, startServer } from "./servers.ts";

const ROUNDS = 3;
const HALF_SENT = 500;
/** More sessions than the server keeps at the same time. */
const SESSIONS = 65;

const CHUNK = "0,".repeat(1_950_000);
/** Just below the largest accepted body. */
const HOSTILE: Readonly<Record<string, string>> = {
  "4 arrays of 3.9 MB": `[${CHUNK}0]`,
  "8 strings of 3.9 MB": JSON.stringify("x".repeat(3_900_000)),
  "4 nested 100,000 deep": "[".repeat(100_000) + "]".repeat(100_000),
};

/**
 * The cost of hostile and large input for a server on a host with 1,000 devices: its largest resident size, and the
 * longest time of `/healthz` meanwhile. The yardstick is a server that only parses the same bodies as JSON.
 */
export async function benchHostile(): Promise<Figure[]> {
  const yardstick: Server = [await build("swallow")];
  const { ours } = await prepareBigServers("hostile-host");
  console.log(`hostile: ${ROUNDS} rounds of ${Object.keys(HOSTILE).join(", ")},`);
  console.log(`  ${HALF_SENT} bodies sent by half, and ${SESSIONS} sessions (ours only)`);
  const taken = { ours: [] as Sample[], yardstick: [] as Sample[] };
  for (let round = 0; round < ROUNDS; round++) {
    taken.ours.push(await attack(ours, { hasSessions: true }));
    taken.yardstick.push(await attack(yardstick, { hasSessions: false }));
  }
  const said = taken.ours.at(-1)!.said;
  for (const [what, statuses] of said) console.log(`  ${what}: ${statuses}`);
  const figure = (
    name: string,
    unit: Figure["unit"],
    pick: (sample: Sample) => number,
    most: number,
  ): Figure => ({
    name: `hostile, ${name}`,
    unit,
    ours: taken.ours.map(pick),
    yardstick: taken.yardstick.map(pick),
    target: null,
    most,
  });
  return [
    figure("largest RSS", "MiB", ({ peakMib }) => peakMib, 256),
    figure("/healthz, the slowest", "ms", ({ slowestMs }) => slowestMs, 100),
  ];
}

interface Sample {
  peakMib: number;
  slowestMs: number;
  /** The number of answers by status, for each attack. */
  said: [what: string, statuses: string][];
}

/** Attacks a server with each kind of input in turn. Throws if the server does not survive. */
async function attack(server: Server, { hasSessions }: { hasSessions: boolean }): Promise<Sample> {
  await using running = await startServer(server);
  const base = `http://127.0.0.1:${running.port}`;
  const said: Sample["said"] = [];
  const watch = watchHealth(running);
  for (const [what, body] of Object.entries(HOSTILE)) {
    const many = Array.from({ length: parseInt(what) }, () => post(`${base}/v1/ask`, body));
    said.push([what, counted(await Promise.all(many))]);
  }
  said.push([`${HALF_SENT} sent by half`, counted(await sendByHalf(running.port))]);
  if (hasSessions) said.push([`${SESSIONS} sessions`, counted(await openSessions(base))]);
  await running.ask("/healthz");
  const status = Deno.readTextFileSync(`/proc/${running.pid}/status`);
  const peakKib = Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]);
  return { peakMib: peakKib / 1024, slowestMs: await watch.end(), said };
}

/** Requests `/healthz` repeatedly until it is stopped. Returns the longest time of an answer in milliseconds. */
function watchHealth(running: Running): { end: () => Promise<number> } {
  let isOn = true;
  const watching = (async () => {
    let slowest = 0;
    while (isOn) {
      const began = performance.now();
      await running.ask("/healthz");
      slowest = Math.max(slowest, performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return slowest;
  })();
  return { end: () => (isOn = false, watching) };
}

async function post(url: string, body: string): Promise<number | string> {
  using client = Deno.createHttpClient({});
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", body, headers, client }).catch(() => null);
  await response?.body?.cancel();
  return response?.status ?? "closed";
}

/** Sends headers and half of a body, and waits slightly longer than the server may wait for the rest. */
async function sendByHalf(port: number): Promise<(number | string)[]> {
  const head = `POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 1000\r\n` +
    "Content-Type: application/json\r\n\r\n";
  const one = async () => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode(`${head}{"half":`));
    const text = new Response(connection.readable).text().catch(() => "");
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<null>((resolve) => timer = setTimeout(() => resolve(null), 15_000));
    const answer = await Promise.race([text, late]);
    clearTimeout(timer);
    if (answer === null) return "left open";
    return Number(answer.split(" ")[1]);
  };
  return await Promise.all(Array.from({ length: HALF_SENT }, one));
}

/** Opens sessions one after another, each with a source, and reads their offers. */
async function openSessions(base: string): Promise<(number | string)[]> {
  const json = async (response: Response) => await response.json();
  const { devices } = await json(await fetch(`${base}/v1/devices`));
  const identity = await json(await fetch(`${base}/v1/devices/${devices[0].id}/identity`));
  const headers = { "content-type": "application/json" };
  const statuses = [];
  for (let number = 0; number < SESSIONS; number++) {
    const opened = await fetch(`${base}/v1/sessions`, { method: "POST" });
    const { id } = await json(opened);
    if (!opened.ok) {
      statuses.push(opened.status);
      continue;
    }
    const body = JSON.stringify({ ...identity, id: `source-${number}` });
    const url = `${base}/v1/sessions/${id}`;
    await (await fetch(`${url}/source`, { method: "PUT", body, headers })).body?.cancel();
    const offers = await fetch(`${url}/offers`);
    await offers.body?.cancel();
    statuses.push(offers.status);
  }
  return statuses;
}

function counted(statuses: readonly (number | string)[]): string {
  const counts = new Map<number | string, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} x ${status}`).join(", ");
}
