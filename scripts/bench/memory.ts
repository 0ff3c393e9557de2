import { type Figure, sampleInTurns } from "./figure.ts";
import { prepareServers, type Running, type Server, startServer } from "./servers.ts";

const ROUNDS = 5;
const IDLE_MS = 5_000;
const REQUESTS = 20;
const TARGET = 1.25;

/** Resident memory, in MiB. */
interface Resident {
  rss: number;
  pss: number;
}

/** Resident memory 5 s after the start, and after a few requests. The yardstick is a server of one route. */
export async function benchMemory(): Promise<Figure[]> {
  const { ours, yardstick } = await prepareServers();
  console.log(`memory: ${ROUNDS} rounds, ${(ROUNDS + 1) * 2 * IDLE_MS / 1000} s of waiting`);
  const samples = await sampleInTurns(ROUNDS, {
    ours: () => measureMemory(ours),
    yardstick: () => measureMemory(yardstick),
  });
  const figure = (name: string, pick: (sample: Sample) => number): Figure => ({
    name: `memory ${name}`,
    unit: "MiB",
    ours: samples.ours.map(pick),
    yardstick: samples.yardstick.map(pick),
    target: TARGET,
  });
  return [
    figure("idle, RSS", ({ idle }) => idle.rss),
    figure("idle, PSS", ({ idle }) => idle.pss),
    figure("after requests, RSS", ({ asked }) => asked.rss),
    figure("after requests, PSS", ({ asked }) => asked.pss),
  ];
}

type Sample = Record<"idle" | "asked", Resident>;

async function measureMemory(server: Server): Promise<Sample> {
  await using running = await startServer(server);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const idle = readResident(running);
  for (let i = 0; i < REQUESTS; i++) await running.ask("/healthz");
  return { idle, asked: readResident(running) };
}

/** Source: `VmRSS` of `/proc/P/status`, `Pss` of `/proc/P/smaps_rollup`, both in kB. */
function readResident({ pid }: Running): Resident {
  const read = (file: string, name: string) => {
    const text = Deno.readTextFileSync(`/proc/${pid}/${file}`);
    const kib = new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(text)?.[1];
    if (kib === undefined) throw new Error(`Cannot find ${name} in /proc/${pid}/${file}`);
    return Number(kib) / 1024;
  };
  return { rss: read("status", "VmRSS"), pss: read("smaps_rollup", "Pss") };
}
