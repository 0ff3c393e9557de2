import type { VmCase } from "./case.ts";
import { assertEquals } from "@std/assert";
import { askProgram, deviceNamed, MTTY_2, MTTY_2_IDLE, PROGRAM, runProgram } from "./machine.ts";
import { call, startServer } from "./server.ts";

const STATE = "/tmp/bench-state";
const OPTIONS = ["--settle", "0", "--state", STATE];
const ROUNDS = 7;

/** The median milliseconds of each work, over rounds in which the works take turns. */
async function mediansMs<Name extends string>(
  works: Readonly<Record<Name, () => Promise<void>>>,
): Promise<Record<Name, number>> {
  const took = new Map<string, number[]>(Object.keys(works).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries<() => Promise<void>>(works)) {
      const started = performance.now();
      await work();
      took.get(name)!.push(performance.now() - started);
    }
  }
  const median = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
  return Object.fromEntries(
    Array.from(took, ([name, times]) => [name, median(times)]),
  ) as Record<Name, number>;
}

/** Prints a figure next to its yardstick, and whether the target is met. */
function printRatio(name: string, ours: number, of: string, yardstick: number, target: number) {
  const ratio = ours / yardstick;
  console.log(
    `${name}: ${ours.toFixed(0)} ms, ${of} ${yardstick.toFixed(0)} ms, ratio ${
      ratio.toFixed(2)
    }, ` +
      `target ${target} ${ratio <= target ? "met" : "MISSED"}`,
  );
}

async function sourceOf(id: string) {
  return await askProgram(["identity", id, "--initial-data", ...OPTIONS]);
}

/** The microseconds of one preflight in a child: the extra time of `count` more preflights, divided by `count`. */
async function oursUs(base64: string, count: number): Promise<number> {
  const task = {
    do: "test",
    target: { device: MTTY_2_IDLE },
    path: "group",
    settleMs: 0,
    base64,
    phase: "pre-copy",
    controls: true,
  };
  const took = async (times: number) => {
    const child = new Deno.Command(PROGRAM, {
      args: ["worker", "--state", STATE],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode((JSON.stringify(task) + "\n").repeat(times)));
    const started = performance.now();
    await writer.close();
    const { stdout } = await child.output();
    const lines = new TextDecoder().decode(stdout).trimEnd().split("\n")
      .filter((line) => !line.startsWith('{"opening":'));
    if (lines.some((line) => JSON.parse(line).found?.test?.source?.is !== "taken")) {
      throw new Error(lines[0]);
    }
    return performance.now() - started;
  };
  // The first preflight makes the controls, once per load of the driver.
  await took(1);
  const [one, many] = [await took(1), await took(count + 1)];
  return (many - one) * 1000 / count;
}

async function yardstickUs(count: number): Promise<number> {
  const { group } = deviceNamed(MTTY_2_IDLE).nodes;
  const { stdout } = await new Deno.Command("/job/preflight-yardstick", {
    args: [group!, MTTY_2_IDLE, String(count)],
  }).output();
  return Number(new TextDecoder().decode(stdout));
}

export const BENCH_CASES: readonly VmCase[] = [{
  name: "a preflight, compared with a C program that makes the same system calls",
  async run() {
    const { initialData } = await sourceOf(MTTY_2);
    for (let round = 0; round < 3; round++) {
      const [ours, yardstick] = [await oursUs(initialData.base64, 100), await yardstickUs(100)];
      const ratio = (ours / yardstick).toFixed(2);
      console.log(
        `preflight: ours ${ours.toFixed(0)} us, C ${yardstick.toFixed(0)} us, ratio ${ratio}`,
      );
    }
  },
}, {
  name: "commands that list, ask and test, compared with one that only starts",
  async run() {
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, JSON.stringify(await sourceOf(MTTY_2)));
    const run = (...args: string[]) => async () => {
      const { code, stderr } = await runProgram(args);
      assertEquals([0, 3].includes(code), true, stderr);
    };
    const works = {
      version: run("version"),
      devices: run("devices", ...OPTIONS),
      ask: run("ask", file, ...OPTIONS),
      preflight: run("preflight", file, MTTY_2_IDLE, ...OPTIONS),
    };
    // Probes and controls are done before the measurement.
    await works.preflight();
    const { version, devices, ask, preflight } = await mediansMs(works);
    printRatio("devices", devices, "version", version, 1.5);
    printRatio("ask", ask, "version", version, 1.5);
    printRatio("preflight", preflight, "version", version, 2.6);
  },
}, {
  name: "POST /v1/test with a running worker, compared with POST /v1/ask",
  async run() {
    const source = await sourceOf(MTTY_2);
    const { url, stop } = await startServer(...OPTIONS);
    const post = (path: string, body: unknown) => async () => {
      const { status, text } = await call(`${url}${path}`, { method: "POST", body });
      assertEquals(status, 200, text);
    };
    const works = {
      ask: post("/v1/ask", source),
      test: post("/v1/test", { source, target: { device: MTTY_2_IDLE } }),
    };
    const started = performance.now();
    await works.test();
    console.log(`the first test: ${(performance.now() - started).toFixed(0)} ms`);
    for (const work of Object.values(works)) await work();
    const { ask, test } = await mediansMs(works);
    printRatio("POST /v1/test", test, "POST /v1/ask", ask, 2);
    assertEquals(await stop(), 0);
  },
}];
