import { join } from "@std/path";
import { plantHost } from "../../src/simulator/mod.ts";
import { bigHost, VFIO_DEVICES } from "./big_host.ts";
import { build, compile, run, WORKSHOP } from "./build.ts";
import { type Figure, sampleInTurns } from "./figure.ts";
import type { Scanned } from "./take_scan.ts";

const ROUNDS = 10;
/** The first pass of a process shows the cost in a command, the last the cost in a server. */
const PASSES = 10;

/** The highest allowed ratio of the processor times of a scan and the yardstick. */
const TARGET = 2.5;

/**
 * A full scan of a host with 1,000 VFIO devices, with the files in the page cache: its duration and its processor time,
 * which is stable on a busy machine. The yardstick is a C program that makes each of the same calls once and ignores
 * what it reads.
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

/** The output of both programs for each pass. */
type Passes = Pick<Scanned, "passesMs" | "processorMs">;

/** The output of scan.c. Throws if it did not find the same as this program. */
function readPasses(text: string, found: number): Passes {
  const lines = text.trim().split("\n").map((line) => line.split(" ").map(Number));
  const here = lines.find(([, , count]) => count !== found)?.[2];
  if (here === undefined) {
    return { passesMs: lines.map(([ms]) => ms!), processorMs: lines.map(([, ms]) => ms!) };
  }
  throw new Error(`Cannot compare: vfio-ask found ${found}, the yardstick ${here}`);
}
