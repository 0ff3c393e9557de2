import { type PlanSource, planTogether, type Together } from "../../src/judge/joint/mod.ts";
import type { Offer, Snapshot } from "../../src/documents/mod.ts";
import {
  aDevice,
  asks,
  aType,
  makeHost,
  makeOffer,
  type Random,
  seedRandom,
} from "../../src/judge/joint/testing.ts";
import type { Figure } from "./figure.ts";

const ROUNDS = 15;
const SOURCES = 16;
const CONFIGURATIONS = 1_000;
const TARGET_MS = 100;

/** One question of a size that no machine has: 16 sources, 1,000 configurations. */
interface Shape {
  name: string;
  /** Whether it is made to be hard: then the search may end by its budget. */
  isAdversarial?: boolean;
  make: (random: Random) => { sources: PlanSource[]; host: Snapshot };
}

const SHAPES: readonly Shape[] = [
  { name: "devices, the same order for all", make: (random) => devices(random, { mixed: false }) },
  { name: "devices, an order for each", make: (random) => devices(random, { mixed: true }) },
  { name: "16 sources for 15 devices", make: scarceDevices },
  {
    name: "125 parents of 8 types, 4 kinds of sources",
    make: (random) => parents(random, { parents: 125, types: 8, kinds: 4, most: 8 }),
  },
  {
    name: "125 parents of 8 types, an order for each",
    make: (random) => parents(random, { parents: 125, types: 8, kinds: 16, most: 8 }),
  },
  {
    name: "250 parents of 4 types, hardly room",
    make: (random) => parents(random, { parents: 250, types: 4, kinds: 16, most: 2 }),
  },
  {
    name: "6 parents, room for 14 of 16",
    make: (random) => packed(random, { parents: 6, order: "same" }),
  },
  {
    name: "8 parents, just room, an order for each",
    make: (random) => packed(random, { parents: 8, order: "own" }),
  },
  {
    name: "7 parents of any types for any source",
    make: (random) => anyType(random, { parents: 7 }),
  },
  { name: "each type for each source, all orders", make: wild },
  {
    name: "3 parents of any types for any source",
    isAdversarial: true,
    make: (random) => anyType(random, { parents: 3 }),
  },
  { name: "parents whose devices are in use", isAdversarial: true, make: inUse },
];

/**
 * A plan for 16 sources at once on a host with 1,000 configurations, beside a plain assignment of the same costs
 * (Hungarian method, 16 rows by 1,000 columns), which knows nothing of parents that are shared.
 */
export function benchPlan(): Promise<Figure[]> {
  console.log(`plan: ${ROUNDS} rounds, ${SOURCES} sources, ${CONFIGURATIONS} configurations`);
  const figures = SHAPES.map(({ name, make, isAdversarial = false }): Figure => {
    const ours: number[] = [];
    const yardstick: number[] = [];
    let verdicts = "";
    let cut = 0;
    for (let round = 0; round <= ROUNDS; round++) {
      const { sources, host } = make(seedRandom(round + 1));
      const costs = sources.map(({ offers }) => offers.map(({ rank }) => rank));
      const turns = [
        () => {
          const { result, ms } = measure(() => planTogether(sources, host));
          verdicts += result.plans.length > 0 ? result.verdict[0] : String(result.blocking.length);
          if (isCut(result)) cut++;
          if (round > 0) ours.push(ms);
        },
        () => {
          const { ms } = measure(() => assignPlainly(costs));
          if (round > 0) yardstick.push(ms);
        },
      ];
      for (const turn of round % 2 === 0 ? turns : turns.toReversed()) turn();
    }
    const worst = Math.max(...ours);
    console.log(
      `plan, ${name}: median ${median(ours).toFixed(1)} ms, worst ${worst.toFixed(1)} ms, ` +
        `${worst < TARGET_MS ? "under" : "NOT under"} ${TARGET_MS} ms ` +
        `(yardstick ${median(yardstick).toFixed(1)} ms); ${verdicts}` +
        (isAdversarial || cut > 0 ? `; budget hit in ${cut} of ${ROUNDS + 1}` : ""),
    );
    return { name: `plan, ${name}`, unit: "ms", ours, yardstick, target: null };
  });
  return Promise.resolve(figures);
}

function isCut({ plans, blocking }: Together): boolean {
  return [...plans, ...blocking].some(({ reasons }) =>
    reasons.some(({ code }) => code === "PlanBudget")
  );
}

function measure<T>(run: () => T): { result: T; ms: number } {
  const start = performance.now();
  const result = run();
  return { result, ms: performance.now() - start };
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)]!;
}

function devices(random: Random, { mixed }: { mixed: boolean }) {
  const ids = times(CONFIGURATIONS, (n) => `0000:${n}`);
  const offers = ids.map((id) => makeOffer(aDevice(id)));
  const host = makeHost(ids.map((id) => ({ id, kind: "pci" as const, parent: null })));
  return { host, sources: sourcesOf((_) => mixed ? random.shuffle(offers) : offers) };
}

/** All want the same 15, and 985 others are in use. */
function scarceDevices(random: Random) {
  const { host, sources: [first] } = devices(random, { mixed: true });
  const offers = first!.offers.slice(0, SOURCES - 1);
  return { host, sources: sourcesOf(() => random.shuffle(offers)) };
}

/** Parents that types share, with a free number of each; sources of some kinds, each of one type. */
function parents(
  random: Random,
  { parents, types, kinds, most }: { parents: number; types: number; kinds: number; most: number },
) {
  const all = times(
    parents,
    (p) => times(types, (t) => typeOffer(`t${t}`, `parent${p}`, 1 + random.below(most))),
  );
  const orders = times(kinds, (kind) => random.shuffle(all.map((offers) => offers[kind % types]!)));
  return { host: hostOf(all.flat()), sources: sourcesOf((at) => orders[at % kinds]!) };
}

/** Types of 1, 1/2, 1/3 and 1/4 of a parent, so that the parents are filled up. */
function packed(
  random: Random,
  { parents, order }: { parents: number; order: "same" | "own" },
) {
  const all = times(parents, (p) => times(4, (t) => typeOffer(`t${t}`, `parent${p}`, t + 1)));
  const taken = times(CONFIGURATIONS - parents * 4, (n) => `0000:${n}`);
  const host = hostOf(all.flat(), taken);
  return {
    host,
    sources: sourcesOf((at) => {
      const own = all.map((offers) => offers[at % 4]!);
      return order === "same" ? own : random.shuffle(own);
    }),
  };
}

/** As where drivers were asked: a source may go onto types of other names too. */
function anyType(random: Random, { parents }: { parents: number }) {
  const all = times(
    parents,
    (p) => times(4, (t) => typeOffer(`t${t}`, `parent${p}`, 1 + random.below(5))),
  );
  return { host: hostOf(all.flat()), sources: sourcesOf(() => random.shuffle(all.flat())) };
}

/** Nothing can be had now: devices are kept, or freed for others of their type, and types take one or two instances. */
function inUse(random: Random) {
  const types = times(5, (p) => times(3, (t) => ({ type: `t${t}`, parent: `parent${p}` }))).flat()
    .map((type) => ({
      ...type,
      instances: times(random.below(5), (n) => `${type.parent}-${type.type}-${n}`),
    }));
  const devices = types.flatMap(({ instances, ...type }) =>
    instances.map((id) => ({ id, ...type }))
  );
  const offers = [
    ...devices.map(({ id }) =>
      makeOffer(aDevice(id), { availability: { now: false, instances: 0, inUse: 1 } })
    ),
    ...types.map(({ type, parent, instances }) =>
      makeOffer(aType(type, parent, 1 + random.below(2)), {
        availability: { now: false, instances: 1, inUse: instances.length },
      })
    ),
  ];
  const orders = times(6, () => random.shuffle(offers));
  return { host: makeHost(devices, types), sources: sourcesOf(() => random.pick(orders)) };
}

function wild(random: Random) {
  const all = times(
    125,
    (p) => times(8, (t) => typeOffer(`t${t}`, `parent${p}`, 1 + random.below(6))),
  );
  const judged = (offer: Offer) =>
    random.below(3) === 0 ? { ...offer, verdict: "unknown" as const, evidence: null } : offer;
  return {
    host: hostOf(all.flat()),
    sources: sourcesOf(() => random.shuffle(all.flat()).map(judged)),
  };
}

function typeOffer(type: string, parent: string, instances: number): Offer {
  return makeOffer(aType(type, parent), {
    availability: { now: true, instances, inUse: 0, idle: 0 },
  });
}

function hostOf(offers: readonly Offer[], devices: readonly string[] = []): Snapshot {
  const types = offers.map(({ configuration: { type, parent = "" } }) => ({ type, parent }));
  return makeHost(devices.map((id) => ({ id })), types);
}

function sourcesOf(offersOf: (at: number) => readonly Offer[]): PlanSource[] {
  return times(SOURCES, (at) => asks(`source${at}`, offersOf(at)));
}

function times<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

/** The least sum of costs, each row to a column of its own: shortest augmenting paths with potentials. */
function assignPlainly(costs: readonly (readonly number[])[]): number {
  const columns = Math.max(costs.length, ...costs.map((row) => row.length));
  const rowOf = new Int32Array(columns + 1).fill(-1);
  const u = new Float64Array(costs.length);
  const v = new Float64Array(columns + 1);
  for (let start = 0; start < costs.length; start++) {
    const least = new Float64Array(columns + 1).fill(Infinity);
    const from = new Int32Array(columns + 1).fill(columns);
    const done = new Uint8Array(columns + 1);
    rowOf[columns] = start;
    let column = columns;
    while (rowOf[column] !== -1) {
      done[column] = 1;
      const row = rowOf[column]!;
      let [delta, next] = [Infinity, -1];
      for (let j = 0; j < columns; j++) {
        if (done[j]) continue;
        const cost = (costs[row]![j] ?? 1e9) - u[row]! - v[j]!;
        if (cost < least[j]!) [least[j], from[j]] = [cost, column];
        if (least[j]! < delta) [delta, next] = [least[j]!, j];
      }
      for (let j = 0; j <= columns; j++) {
        if (done[j]) {
          u[rowOf[j]!]! += delta;
          v[j]! -= delta;
        } else least[j]! -= delta;
      }
      column = next;
    }
    while (column !== columns) {
      rowOf[column] = rowOf[from[column]!]!;
      column = from[column]!;
    }
    rowOf[columns] = -1;
  }
  return rowOf.reduce((sum, row, j) => row === -1 ? sum : sum + (costs[row]![j] ?? 1e9), 0);
}

if (import.meta.main) {
  const { formatFigures } = await import("./figure.ts");
  console.log(`\n${formatFigures(await benchPlan())}`);
}
