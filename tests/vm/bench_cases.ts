import type { VmCase } from "./case.ts";
import { askProgram, deviceNamed, MTTY_2, MTTY_2_IDLE, PROGRAM } from "./machine.ts";

const STATE = "/tmp/bench-state";

/** The microseconds of each of `count` preflights in one child: what more of them take than one. */
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
    if (lines.some((line) => JSON.parse(line).test?.source?.is !== "taken")) {
      throw new Error(lines[0]);
    }
    return performance.now() - started;
  };
  // The controls are made once in a load of the driver, by the first.
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
  name: "a preflight, beside a C program that makes the same system calls",
  async run() {
    const options = ["--settle", "0", "--state", STATE];
    const { initialData } = await askProgram(["identity", MTTY_2, "--initial-data", ...options]);
    for (let round = 0; round < 3; round++) {
      const [ours, yardstick] = [await oursUs(initialData.base64, 100), await yardstickUs(100)];
      const ratio = (ours / yardstick).toFixed(2);
      console.log(
        `preflight: ours ${ours.toFixed(0)} us, C ${yardstick.toFixed(0)} us, ratio ${ratio}`,
      );
    }
  },
}];
