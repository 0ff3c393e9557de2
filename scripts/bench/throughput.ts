import { join } from "@std/path";
import { build, compile, copyProgram, run, WORKSHOP } from "./build.ts";
import { type Figure, sampleInTurns } from "./figure.ts";
import { loadServer, writeRequest } from "./load.ts";
import { type Running, startServer } from "./servers.ts";

const ROUNDS = 5;
const CONNECTIONS = 32;
const LOAD_MS = 1_500;
/** The highest allowed ratio of the times of an answer and the yardstick: half its throughput. */
const TARGET = 2;

/** An idle device of the simulated host. The source is an equal device on another host. */
const DEVICE = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";
const MIXED = ["--simulate", "mixed"];
const NUMBER = "############";

/**
 * POST /v1/ask on a simulated host over 32 connections: with one body; with bodies that differ in the source's id, like
 * those of equal devices; and with bodies that differ in a fact, so that each is judged again. The yardstick is a route
 * that validates the same body and sends the same bytes.
 */
export async function benchThroughput(): Promise<Figure[]> {
  const load = await compile("load", "throughput");
  if (load === null) return [];
  const [program, fixedAnswer] = [await copyProgram(), await build("fixed_answer")];
  const source = await foreignSource(program);
  const listen = ["--listen", "127.0.0.1:0"];
  await using ours = await startServer([program, "serve", ...listen, ...MIXED]);
  const answer = await askOnce(ours, source);
  const file = join(WORKSHOP, "answer.json");
  Deno.writeTextFileSync(file, answer);
  await using yardstick = await startServer([fixedAnswer, file]);
  console.log(
    `throughput: ${ROUNDS} rounds of ${LOAD_MS} ms, ${CONNECTIONS} connections, bodies of ` +
      `${JSON.stringify(source).length} bytes, answers of ${answer.length} bytes`,
  );
  const id = `33333333-0000-4000-8000-${NUMBER}`;
  const bodies = {
    "one body": source,
    "other ids": { ...source, id },
    "other facts": { ...source, id, facts: { ...source.facts, serial: NUMBER } },
  };
  const figures: Figure[] = [];
  for (const [name, body] of Object.entries(bodies)) {
    const request = writeRequest("ask", { method: "POST", path: "/v1/ask", body });
    const answerTime = async ({ port }: Running) => {
      const asked = { port, connections: CONNECTIONS, ms: LOAD_MS, request };
      const { answers, ms } = await loadServer(load, asked);
      return ms * 1000 / answers;
    };
    const samples = await sampleInTurns(ROUNDS, {
      ours: () => answerTime(ours),
      yardstick: () => answerTime(yardstick),
    });
    figures.push({ name: `an answer, ${name}`, unit: "µs", ...samples, target: TARGET });
  }
  return figures;
}

/** The identity of a device, as if on another host. */
async function foreignSource(program: string) {
  const identity = JSON.parse(await run(program, ["identity", DEVICE, ...MIXED]));
  const host = { ...identity.host, name: "elsewhere", bootId: crypto.randomUUID() };
  return { ...identity, id: crypto.randomUUID(), host };
}

/** Asks until all devices are probed, so that later answers have the same size. Returns the last answer. */
async function askOnce({ port }: Running, source: unknown): Promise<string> {
  const url = `http://127.0.0.1:${port}/v1/ask`;
  const ask = async () => {
    const body = new Blob([JSON.stringify(source)], { type: "application/json" });
    const response = await fetch(url, { method: "POST", body });
    const text = await response.text();
    if (!response.ok) throw new Error(`Cannot ask: ${text}`);
    return text;
  };
  for (let last = await ask();;) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const text = await ask();
    if (text.length === last.length) return text;
    last = text;
  }
}
