/**
 * Benchmarks: figures of this program and of a yardstick, measured in turns on the same machine in the same minute. A
 * missed target is shown but does not fail.
 *
 *   deno task bench [start] [memory] [scan] [ask] [many] [plan] [throughput] [idle] [follow] [stall] [hostile]
 *     [stuck] [adversarial [COUNT]]
 *
 * The measured program is a copy of `dist/vfio-ask`, so a build or another process of it does not disturb the figures.
 */
import { removeWorkshop } from "./build.ts";
import { benchAdversarial } from "./adversarial.ts";
import { benchAsk } from "./ask.ts";
import { formatFigures } from "./figure.ts";
import { benchFollow } from "./follow.ts";
import { benchIdle } from "./idle.ts";
import { benchMany } from "./many.ts";
import { benchHostile } from "./hostile.ts";
import { benchMemory } from "./memory.ts";
import { benchPlan } from "./plan.ts";
import { benchScan } from "./scan.ts";
import { benchStall } from "./stall.ts";
import { benchStuck } from "./stuck.ts";
import { benchStart } from "./start.ts";
import { benchThroughput } from "./throughput.ts";

const BENCHES = {
  start: benchStart,
  memory: benchMemory,
  scan: benchScan,
  ask: benchAsk,
  many: benchMany,
  plan: benchPlan,
  throughput: benchThroughput,
  idle: benchIdle,
  follow: benchFollow,
  stall: benchStall,
  hostile: benchHostile,
  stuck: benchStuck,
  adversarial: benchAdversarial,
};

// A number after a name is the number of rounds or requests.
const numbers = new Map(Deno.args.map((arg, index) => [Deno.args[index - 1], Number(arg)]));
const given = Deno.args.filter((arg) => !/^[1-9]\d*$/.test(arg));
const names = given.length > 0 ? given : Object.keys(BENCHES);
const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) {
  console.error(
    `bench: unknown benchmark ${unknown}. Choose from ${Object.keys(BENCHES).join(", ")}.`,
  );
  Deno.exit(2);
}
await removeWorkshop();
try {
  const figures = [];
  for (const name of names as (keyof typeof BENCHES)[]) {
    figures.push(...await BENCHES[name](numbers.get(name) || undefined));
  }
  if (figures.length > 0) console.log(`\n${formatFigures(figures)}`);
} finally {
  await removeWorkshop();
}
