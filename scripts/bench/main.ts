/**
 * Benchmarks: figures of this program, each beside a yardstick that is measured in turns with it, on the
 * same machine and in the same minute. A missed target is shown and fails nothing.
 *
 *   deno task bench [start] [memory] [scan] [ask] [many] [plan] [throughput] [idle] [stall] [hostile]
 *
 * What is measured is a copy of `dist/vfio-ask`, so that neither a build meanwhile nor another process of
 * it disturbs the figures.
 */
import { removeWorkshop } from "./build.ts";
import { benchAsk } from "./ask.ts";
import { formatFigures } from "./figure.ts";
import { benchIdle } from "./idle.ts";
import { benchMany } from "./many.ts";
import { benchHostile } from "./hostile.ts";
import { benchMemory } from "./memory.ts";
import { benchPlan } from "./plan.ts";
import { benchScan } from "./scan.ts";
import { benchStall } from "./stall.ts";
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
  stall: benchStall,
  hostile: benchHostile,
};

const names = Deno.args.length > 0 ? Deno.args : Object.keys(BENCHES);
const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) {
  console.error(`bench: there is no ${unknown}. Name any of ${Object.keys(BENCHES).join(", ")}.`);
  Deno.exit(2);
}
await removeWorkshop();
try {
  const figures = [];
  for (const name of names as (keyof typeof BENCHES)[]) figures.push(...await BENCHES[name]());
  if (figures.length > 0) console.log(`\n${formatFigures(figures)}`);
} finally {
  await removeWorkshop();
}
