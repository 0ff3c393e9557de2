import { join } from "@std/path";
import { build, copyProgram, TOP, WORKSHOP } from "./build.ts";
import { type Figure, sampleInTurns } from "./figure.ts";
import { type DeviceRange, plantHosts } from "./many_hosts.ts";

const ROUNDS = 3;
const MOST_MS = 20_000;
const MOST_MIB = 150;

/** Kinds of hosts and their number. */
const KINDS: readonly { name: string; hosts: number; devices: DeviceRange }[] = [
  { name: "ordinary", hosts: 10_000, devices: [10, 20] },
  { name: "large", hosts: 60, devices: [1_000, 1_000] },
];

/** The interval at which the memory of a running program is read. */
const EVERY_MS = 20;

/**
 * `ask --snapshot FOLDER` of many hosts by the compiled binary on one core: the run time and the largest resident
 * memory. The yardstick is a program that only reads and parses the same files.
 */
export async function benchMany(): Promise<Figure[]> {
  const yardstick = await build("read_files");
  const ours = await copyProgram();
  const source = join(TOP, "tests/fixtures/identities/qat-crypto.json");
  const figures: Figure[] = [];
  for (const { name, hosts, devices } of KINDS) {
    const folder = join(WORKSHOP, "hosts");
    plantHosts(folder, hosts, devices);
    console.log(
      `many: ${ROUNDS} rounds, ${hosts} ${name} hosts of ${devices.join(" to ")} devices`,
    );
    const samples = await sampleInTurns(ROUNDS, {
      ours: () => measure([ours, "ask", "--snapshot", folder, source]),
      yardstick: () => measure([yardstick, folder]),
    });
    const figure = (pick: (sample: Sample) => number) => ({
      ours: samples.ours.map(pick),
      yardstick: samples.yardstick.map(pick),
      target: null,
    });
    const what = `ask ${hosts} ${name} hosts`;
    figures.push(
      { name: what, unit: "ms", ...figure(({ ms }) => ms), most: MOST_MS },
      { name: `${what}, most RSS`, unit: "MiB", ...figure(({ mib }) => mib), most: MOST_MIB },
    );
    await Deno.remove(folder, { recursive: true });
  }
  return figures;
}

/** The run time and memory of a program. */
interface Sample {
  ms: number;
  mib: number;
}

/** For some hosts it is unknown whether they can take the source, so ask exits with 3. The yardstick exits with 0. */
const CODES = [0, 3];

/** Runs a program on one core. Throws if it fails or prints nothing. */
async function measure(command: readonly string[]): Promise<Sample> {
  const start = performance.now();
  const child = new Deno.Command("taskset", {
    args: ["--cpu-list", "1", ...command],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let kib = 0;
  const look = setInterval(() => kib = Math.max(kib, peakKib(child.pid)), EVERY_MS);
  try {
    const { code, stdout } = await child.output();
    if (!CODES.includes(code)) {
      throw new Error(`Cannot measure ${command.join(" ")}: it ended with ${code}`);
    }
    if (stdout.length === 0) throw new Error(`Cannot measure ${command.join(" ")}: no output`);
  } finally {
    clearInterval(look);
  }
  return { ms: performance.now() - start, mib: kib / 1024 };
}

/** The largest resident memory of a process so far; 0 if it has ended. Source: `VmHWM` of `/proc/P/status`. */
function peakKib(pid: number): number {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
