import { join } from "@std/path";
import { plantHost } from "../../src/simulator/mod.ts";
import { bigHost, VFIO_DEVICES } from "./big_host.ts";
import { build, compile, run, WORKSHOP } from "./build.ts";
import { type Figure, sampleInTurns } from "./figure.ts";
import type { Scanned } from "./take_scan.ts";

const ROUNDS = 10;
/** The first pass of a process is as a command sees it, the last as a server does. */
const PASSES = 10;

/** How many times the processor time of the yardstick a scan may take. */
const TARGET = 2.5;

/**
 * A whole scan of a host with 1,000 VFIO devices, the files in the page cache, beside a C program that
 * makes the same calls, each once, and does nothing with what it reads: how long it takes, and the processor time
 * that goes into it, which holds still on a busy machine.
 */
export async function benchScan(): Promise<Figure[]> {
  const yardstick = await compile("scan", "scan");
  if (yardstick === null) return [];
  const ours = await build("take_scan");
  const directory = join(WORKSHOP, "big-host");
  const { sys, dev, proc } = plantHost(bigHost(), directory);
  const plan = join(WORKSHOP, "plan");
  const scan = async (...more: string[]): Promise<Scanned> =>
    JSON.parse(await run(ours, [sys, dev, proc, String(PASSES), ...more]));

  const noted = await scan(plan);
  if (noted.devices !== VFIO_DEVICES || noted.problems.length > 0) {
    throw new Error(`Cannot scan all: ${noted.devices} devices, ${noted.problems.join("; ")}`);
  }
  const different = Deno.readTextFileSync(plan).split("\n").length - 1;
  const per = (count: number) => (count / VFIO_DEVICES).toFixed(1);
  console.log(
    `scan: ${ROUNDS} rounds, ${noted.devices} devices, ${noted.types} types; a device takes ` +
      `${per(noted.calls)} calls, ${per(different)} different ones`,
  );
  const samples = await sampleInTurns(ROUNDS, {
    ours: () => scan(),
    yardstick: async () => readPasses(await run(yardstick, [plan, String(PASSES)]), noted.found),
  });
  const figure = (name: string, of: keyof Passes, pass: number, target: number | null): Figure => ({
    name: `scan, ${name}`,
    unit: "ms",
    ours: samples.ours.map((passes) => passes[of].at(pass)!),
    yardstick: samples.yardstick.map((passes) => passes[of].at(pass)!),
    target,
  });
  return [
    figure("first of a process", "passesMs", 0, null),
    figure("first of a process, processor time", "processorMs", 0, TARGET),
    figure("tenth of a process", "passesMs", -1, null),
    figure("tenth of a process, processor time", "processorMs", -1, TARGET),
  ];
}

/** What both programs tell of each pass. */
type Passes = Pick<Scanned, "passesMs" | "processorMs">;

/** What scan.c printed. Throws where it did not find what we found. */
function readPasses(text: string, found: number): Passes {
  const lines = text.trim().split("\n").map((line) => line.split(" ").map(Number));
  const here = lines.find(([, , count]) => count !== found)?.[2];
  if (here === undefined) {
    return { passesMs: lines.map(([ms]) => ms!), processorMs: lines.map(([, ms]) => ms!) };
  }
  throw new Error(`Cannot compare: we found ${found}, the yardstick ${here}`);
}
