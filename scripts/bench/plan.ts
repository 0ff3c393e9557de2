import { type PlanSource, planTogether } from "../../src/judge/joint/mod.ts";
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
import { type Figure, sampleInTurns } from "./figure.ts";

const ROUNDS = 15;
const SOURCES = 16;
const CONFIGURATIONS = 1_000;
const TARGET_MS = 100;

interface Question {
  sources: PlanSource[];
  host: Snapshot;
}

/** Questions larger than on any real machine. The last two are hard on purpose: the search may use up its budget. */
const SHAPES: Readonly<Record<string, (random: Random) => Question>> = {
  "devices, the same order for all": () => devices((offers) => offers),
  "devices, an order for each": ({ shuffle }) => devices(shuffle),
  "16 sources for 15 devices": ({ shuffle }) =>
    devices((offers) => shuffle(offers.slice(0, SOURCES - 1))),
  "125 parents of 8 types, 4 kinds of sources": ({ below, shuffle }) =>
    oneType(freeTypes(125, 8, () => 1 + below(8)), shuffle, 4),
  "125 parents of 8 types, an order for each": ({ below, shuffle }) =>
    oneType(freeTypes(125, 8, () => 1 + below(8)), shuffle),
  "250 parents of 4 types, hardly room": ({ below, shuffle }) =>
    oneType(freeTypes(250, 4, () => 1 + below(2)), shuffle),
  // Types of 1, 1/2, 1/3 and 1/4 of a parent, to fill the parents.
  "6 parents, room for 14 of 16": () => oneType(freeTypes(6, 4, (t) => t + 1), (offers) => offers),
  "8 parents, just room, an order for each": ({ shuffle }) =>
    oneType(freeTypes(8, 4, (t) => t + 1), shuffle),
  "7 parents of any types for any source": (random) => anyType(random, 7),
  "each type for each source, all orders": ({ below, shuffle }) => {
    const all = freeTypes(125, 8, () => 1 + below(6)).flat();
    const judged = (offer: Offer) =>
      below(3) === 0 ? { ...offer, verdict: "unknown" as const, evidence: null } : offer;
    return question(typesOf(all), () => shuffle(all).map(judged));
  },
  "3 parents of any types for any source": (random) => anyType(random, 3),
  "parents whose devices are in use": inUse,
};

/**
 * A plan for 16 sources on a host with 1,000 configurations. The yardstick is a plain assignment of the same costs
 * (Hungarian method, 16 rows by 1,000 columns), which ignores shared parents. For each shape, it prints the first letter
 * of each verdict, or the number of blocking sources.
 */
export async function benchPlan(): Promise<Figure[]> {
  console.log(`plan: ${ROUNDS} rounds, ${SOURCES} sources, ${CONFIGURATIONS} configurations`);
  const figures: Figure[] = [];
  for (const [shape, make] of Object.entries(SHAPES)) {
    const name = `plan, ${shape}`;
    const questions = times(ROUNDS + 1, (round) => make(seedRandom(round + 1)));
    let [found, cut] = ["", 0];
    const plan = ({ sources, host }: Question) => {
      const { plans, blocking, verdict } = planTogether(sources, host);
      found += plans.length > 0 ? verdict[0] : blocking.length;
      const codes = [...plans, ...blocking].flatMap(({ reasons }) =>
        reasons.map(({ code }) => code)
      );
      if (codes.includes("PlanBudget")) cut++;
    };
    const assign = ({ sources }: Question) =>
      assignPlainly(sources.map(({ offers }) => offers.map(({ rank }) => rank)));
    const { ours, yardstick } = await sampleInTurns(ROUNDS, {
      ours: timer(questions, plan),
      yardstick: timer(questions, assign),
    });
    const worst = Math.max(...ours);
    console.log(
      `${name}: worst ${worst.toFixed(1)} ms, ${worst < TARGET_MS ? "" : "NOT "}under ` +
        `${TARGET_MS} ms; ${found}; budget hit in ${cut} of ${ROUNDS + 1}`,
    );
    figures.push({ name, unit: "ms", ours, yardstick, target: null });
  }
  return figures;
}

/** Answers one question after another. Returns the milliseconds of each. */
function timer(questions: readonly Question[], take: (question: Question) => void) {
  const rest = questions.values();
  return () => {
    const question = rest.next().value!;
    const start = performance.now();
    take(question);
    return Promise.resolve(performance.now() - start);
  };
}

type Order = (offers: readonly Offer[]) => readonly Offer[];

function devices(order: Order): Question {
  const ids = times(CONFIGURATIONS, (n) => `0000:${n}`);
  const offers = ids.map((id) => makeOffer(aDevice(id)));
  const host = makeHost(ids.map((id) => ({ id, kind: "pci" as const, parent: null })));
  return question(host, () => order(offers));
}

/** Types on shared parents, with a number of free instances each. */
function freeTypes(parents: number, types: number, room: (type: number) => number): Offer[][] {
  const free = (instances: number) => ({ now: true, instances, inUse: 0, idle: 0 });
  return times(
    parents,
    (p) =>
      times(types, (t) => makeOffer(aType(`t${t}`, `parent${p}`), { availability: free(room(t)) })),
  );
}

/** Sources of several kinds. Each kind has one type, which every parent has. */
function oneType(all: readonly Offer[][], order: Order, kinds = SOURCES): Question {
  const orders = times(kinds, (kind) => order(all.map((types) => types[kind % types.length]!)));
  return question(typesOf(all.flat()), (at) => orders[at % kinds]!);
}

/** As after driver tests: a source may also land on types with other names. */
function anyType({ below, shuffle }: Random, parents: number): Question {
  const all = freeTypes(parents, 4, () => 1 + below(5)).flat();
  return question(typesOf(all), () => shuffle(all));
}

/** Nothing is available now: devices are kept or freed for others of their type, and types take one or two instances. */
function inUse({ below, pick, shuffle }: Random): Question {
  const types = times(15, (n) => {
    const [type, parent] = [`t${n % 3}`, `parent${Math.floor(n / 3)}`];
    return { type, parent, instances: times(below(5), (i) => `${parent}-${type}-${i}`) };
  });
  const devices = types.flatMap(({ instances, ...type }) =>
    instances.map((id) => ({ id, ...type }))
  );
  const taken = (instances: number, inUse: number) => ({
    availability: { now: false, instances, inUse },
  });
  const offers = [
    ...devices.map(({ id }) => makeOffer(aDevice(id), taken(0, 1))),
    ...types.map(({ type, parent, instances }) =>
      makeOffer(aType(type, parent, 1 + below(2)), taken(1, instances.length))
    ),
  ];
  const orders = times(6, () => shuffle(offers));
  return question(makeHost(devices, types), () => pick(orders));
}

/** A host with the offered types. */
function typesOf(offers: readonly Offer[]): Snapshot {
  return makeHost([], offers.map(({ configuration: { type, parent = "" } }) => ({ type, parent })));
}

function question(host: Snapshot, offersOf: (at: number) => readonly Offer[]): Question {
  return { host, sources: times(SOURCES, (at) => asks(`source${at}`, offersOf(at))) };
}

function times<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

/** The lowest sum of costs with one column for each row: shortest augmenting paths with potentials. */
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
