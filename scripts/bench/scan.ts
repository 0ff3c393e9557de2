import { join } from "@std/path";
import { plantHost } from "../../src/simulator/mod.ts";
import { bigHost, VFIO_DEVICES } from "./big_host.ts";
import { build, run, TOP, WORKSHOP } from "./build.ts";
import { type Figure, sampleInTurns } from "./figure.ts";
import type { Scanned } from "./take_scan.ts";

const ROUNDS = 10;
/** The first pass of a process is as a command sees it, the last as a server does. */
const PASSES = 10;

/**
 * A whole scan of a host with 1,000 VFIO devices, the files in the page cache, beside a C program that
 * makes the same calls, each once, and does nothing with what it reads.
 */
export async function benchScan(): Promise<Figure[]> {
  const yardstick = await compileYardstick();
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
    ours: async () => (await scan()).passesMs,
    yardstick: async () => readPasses(await run(yardstick, [plan, String(PASSES)]), noted.found),
  });
  const whole = (name: string, pass: number): Figure => ({
    name: `scan, ${name}`,
    unit: "ms",
    ours: samples.ours.map((passes) => passes.at(pass)!),
    yardstick: samples.yardstick.map((passes) => passes.at(pass)!),
    target: null,
  });
  const first = whole("first of a process", 0);
  const last = whole("tenth of a process", -1);
  return [first, perDevice(first), last, perDevice(last)];
}

function perDevice({ name, ours, yardstick }: Figure): Figure {
  const us = (samples: readonly number[]) => samples.map((ms) => ms * 1000 / VFIO_DEVICES);
  return {
    name: `${name}, a device`,
    unit: "µs",
    ours: us(ours),
    yardstick: us(yardstick),
    target: null,
  };
}

/** The milliseconds of each pass, by what scan.c printed. Throws where it did not find what we found. */
function readPasses(text: string, found: number): number[] {
  return text.trim().split("\n").map((line) => {
    const [ms, here] = line.split(" ").map(Number);
    if (here !== found) throw new Error(`Cannot compare: we found ${found}, the yardstick ${here}`);
    return ms!;
  });
}

/** Compiles scan.c, or says why not. */
async function compileYardstick(): Promise<string | null> {
  const output = join(WORKSHOP, "scan");
  await Deno.mkdir(WORKSHOP, { recursive: true });
  const source = join(TOP, "scripts/bench/scan.c");
  try {
    await run("gcc", ["-O2", "-Wall", "-Wextra", "-o", output, source]);
    return output;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log("scan: skipped, since there is no gcc to compile its yardstick with");
    return null;
  }
}
