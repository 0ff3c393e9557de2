import { assertEquals } from "@std/assert";
import {
  type Configuration,
  EVIDENCE,
  type Migration,
  type Sharing,
  type Snapshot,
} from "../../documents/mod.ts";
import { type Plan, type PlanSource, planTogether, type Together } from "./mod.ts";
import { makeRandomQuestion, seedRandom } from "./testing.ts";

/** A second, slow and simple implementation of the documented rules for whole plans. */
interface Rules {
  sources: readonly PlanSource[];
  host: Snapshot;
  sharing: Sharing;
}
type Offer = PlanSource["offers"][number];
type Choice = readonly (Offer | null)[];
interface Way {
  later: boolean;
  certain: boolean;
}

const WAYS: readonly Way[] = [false, true].flatMap((later) =>
  [true, false].map((certain) => ({ later, certain }))
);

function migrationAt({ host }: Rules, { kind, id, type, parent }: Configuration) {
  return kind === "device"
    ? host.devices.find((device) => device.id === id)!.migration
    : host.types.find((other) => other.type === type && other.parent === parent)!.migration;
}

function p2p(rules: Rules, at: number, offer: Offer): "no" | "yes" | "?" {
  const all = [rules.sources[at]!.source.migration, migrationAt(rules, offer.configuration)];
  if (rules.sources.length < 2) return "yes";
  if (all.some(({ uapi, features }) => uapi === "v2" && !features.includes("p2p"))) return "no";
  const [source, target] = all as [Migration, Migration];
  if (source.uapi === "unknown") return "?";
  return target.uapi === "unknown" ? "?" : "yes";
}

/** The instances that are free now, or that can be freed. */
function stock({ sources }: Rules, { type, parent }: Configuration, later: boolean): number {
  const all = sources.flatMap(({ offers }) => offers).map((offer) => offer).filter((
    { configuration: other },
  ) => other.kind !== "device" && other.type === type && other.parent === parent);
  return Math.max(
    0,
    ...all.map(({ availability: { instances, inUse = 0, idle = 0 } }) =>
      instances! + (later ? inUse + idle : 0)
    ),
  );
}

function isOffered({ sources }: Rules, type: string, parent: string): boolean {
  return sources.some(({ offers }) =>
    offers.some(({ configuration: other }) => other.type === type && other.parent === parent)
  );
}

/** Whether more is needed than exists while other types of the parent have devices to free: then it is unknown. */
function isDoubtful(rules: Rules, { configuration: c }: Offer, { later }: Way): boolean {
  return c.kind === "mdev-type" && later && stock(rules, c, true) < (c.instances ?? 1) &&
    rules.host.types.some((other) =>
      other.parent === c.parent && other.type !== c.type && other.instances.length > 0
    );
}

function isFeasible(rules: Rules, choice: Choice, way: Way): boolean {
  const { host, sharing } = rules;
  const functions: string[] = [];
  const parents = new Map<string, { type: string; need: number; of: number }[]>();
  for (const [at, offer] of choice.entries()) {
    if (offer === null) continue;
    const { configuration: c, availability } = offer;
    if (p2p(rules, at, offer) === "no") return false;
    if (!way.later && !availability.now) return false;
    let draws: { type: string; parent: string; need: number } | null = null;
    if (c.kind === "device") {
      functions.push(c.id!);
      const device = host.devices.find(({ id }) => id === c.id)!;
      const { type, parent } = device;
      const own = { kind: "mdev-type" as const, type, parent: parent ?? "" };
      if (
        way.later && device.kind === "mdev" && isOffered(rules, type, parent!) &&
        stock(rules, own, true) > stock(rules, own, false)
      ) draws = { type, parent: parent!, need: 1 };
    } else if (c.kind === "vgpu-type") functions.push(c.parent!);
    else draws = { type: c.type, parent: c.parent!, need: c.instances ?? 1 };
    if (draws === null) continue;
    const { type, parent, need } = draws;
    const doubtful = isDoubtful(rules, offer, way);
    const of = doubtful ? need : stock(rules, { kind: "mdev-type", type, parent }, way.later);
    if (of < need) return false;
    const key = sharing === "independent" ? `${parent} ${type}` : parent;
    parents.set(key, [...parents.get(key) ?? [], { type, need, of }]);
  }
  if (new Set(functions).size < functions.length) return false;
  return [...parents.values()].every((all) => {
    if (sharing === "one-type" && new Set(all.map(({ type }) => type)).size > 1) return false;
    const plus = way.certain || sharing === "one-type" ? 0 : 1;
    const product = all.reduce((whole, { of }) => whole * BigInt(of + plus), 1n);
    const sum = all.reduce(
      (sum, { need, of }) => sum + BigInt(need) * product / BigInt(of + plus),
      0n,
    );
    return plus === 0 ? sum <= product : sum < product;
  });
}

type Cost = readonly (number | string)[];

function costOf(rules: Rules, choice: Choice, way: Way): Cost {
  const taken = choice.flatMap((offer, at) => offer === null ? [] : [{ offer, at }]);
  const sum = (of: (entry: { offer: Offer; at: number }) => number) =>
    taken.reduce((sum, entry) => sum + of(entry), 0);
  return [
    choice.length - taken.length,
    sum(({ offer, at }) =>
      Number(
        offer.verdict === "unknown" || p2p(rules, at, offer) === "?" ||
          isDoubtful(rules, offer, way),
      )
    ),
    sum(({ offer: { evidence } }) =>
      evidence === null ? EVIDENCE.length : EVIDENCE.indexOf(evidence)
    ),
    sum(({ offer }) => offer.rank),
    ...choice.map((offer) => offer === null ? "~" : textOf(offer.configuration)),
  ];
}

function textOf({ kind, type, parent = "", id = "", instances = 1 }: Configuration): string {
  return `${kind} ${type} ${parent} ${id}${instances === 1 ? "" : ` x${instances}`}`;
}

function compareCosts(a: Cost, b: Cost): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at === -1 ? 0 : a[at]! < b[at]! ? -1 : 1;
}

function* everyChoice(sources: readonly PlanSource[]): Generator<Choice> {
  if (sources.length === 0) return yield [];
  for (const rest of everyChoice(sources.slice(1))) {
    for (const offer of [null, ...sources[0]!.offers]) yield [offer, ...rest];
  }
}

/** The best plans in order. Plans in which sources with the same offers only swap places count once. */
function expect(rules: Rules, count: number): { plans: Cost[]; unplaced: number; way: Way } {
  for (const way of WAYS) {
    const feasible = [...everyChoice(rules.sources)].filter((choice) =>
      isFeasible(rules, choice, way)
    );
    const whole = feasible.filter((choice) => !choice.includes(null));
    if (whole.length > 0) {
      const classes = rules.sources.map((source, at) => {
        const usable = source.offers.filter((offer) => {
          const alone = rules.sources.map((_, i) => i === at ? offer : null);
          return isFeasible(rules, alone, way);
        });
        return JSON.stringify(
          usable.map((offer) => [
            textOf(offer.configuration),
            costOf(
              rules,
              rules.sources.map((_, i) => i === at ? offer : null),
              way,
            ).slice(0, 4),
          ]),
        );
      });
      const seen = new Set<string>();
      const plans = whole
        .map((choice) => ({ choice, cost: costOf(rules, choice, way) }))
        .toSorted((a, b) => compareCosts(a.cost, b.cost))
        .filter(({ choice }) => {
          const key = choice.map((offer, at) => `${classes[at]} ${textOf(offer!.configuration)}`)
            .toSorted().join("|");
          return !seen.has(key) && seen.add(key);
        })
        .map(({ cost }) => cost).slice(0, count);
      return { plans, unplaced: 0, way };
    }
    if (way === WAYS.at(-1)) {
      const unplaced = feasible.map((choice) => choice.filter((offer) => offer === null).length);
      const alone = { ...rules, sources: [] };
      const lands = rules.sources.some((source) =>
        source.offers.some((offer) => isFeasible({ ...alone, sources: [source] }, [offer], way))
      );
      const most = rules.sources.length - Math.min(...unplaced);
      return { plans: [], unplaced: rules.sources.length - Math.max(most, lands ? 1 : 0), way };
    }
  }
  throw new Error("Cannot come here");
}

function costsOf(rules: Rules, together: Together, way: Way): Cost[] {
  return together.plans.map((plan) => costOf(rules, choiceOf(rules, plan), way));
}

function choiceOf({ sources }: Rules, { placements }: Plan): Choice {
  return placements.map(({ source, offer }) =>
    sources.find((other) => other.source.id === source)!.offers.find(({ rank }) => rank === offer)!
  );
}

for (const sharing of ["shared", "independent", "one-type"] as const) {
  Deno.test(`planTogether() finds the same as an exhaustive search, ${sharing}`, () => {
    const counts = { plans: 0, blocked: 0, later: 0, open: 0 };
    for (let seed = 1; seed <= 2500; seed++) {
      const { sources, host } = makeRandomQuestion(seedRandom(seed));
      const rules = { sources, host, sharing };
      const expected = expect(rules, 3);
      const together = planTogether(sources, host, { sharing: () => sharing, count: 3 });
      assertEquals(costsOf(rules, together, expected.way), expected.plans, `seed ${seed}`);
      assertEquals(together.blocking.length, expected.unplaced, `seed ${seed}`);
      if (expected.plans.length > 0) {
        assertEquals(together.plans[0]!.now, !expected.way.later, `seed ${seed}`);
        const isKnown = expected.way.certain && expected.plans[0]![1] === 0;
        assertEquals(together.verdict, isKnown ? "compatible" : "unknown", `seed ${seed}`);
        counts.plans++;
        if (expected.way.later) counts.later++;
        if (!expected.way.certain) counts.open++;
      } else counts.blocked++;
    }
    // The instances are useful only if all of these cases occur.
    const rare = sharing === "shared" ? Object.values(counts) : [counts.plans, counts.blocked];
    assertEquals(rare.every((count) => count > 5), true, JSON.stringify(counts));
  });
}

Deno.test("planTogether() drops no offer that one of the best plans needs", () => {
  let told = 0;
  for (let seed = 1; seed <= 1500; seed++) {
    const random = seedRandom(seed);
    const { sources, host } = makeRandomQuestion(random, { sources: 3, offers: 9, parents: 4 });
    const sharing = random.pick(["shared", "shared", "independent", "one-type"] as const);
    const rules = { sources, host, sharing };
    const count = 1 + seed % 3;
    const expected = expect(rules, count);
    const together = planTogether(sources, host, { sharing: () => sharing, count });
    assertEquals(costsOf(rules, together, expected.way), expected.plans, `seed ${seed}`);
    told += together.plans.length;
  }
  assertEquals(told > 1500, true);
});

Deno.test("planTogether() returns the best plan found within its budget", () => {
  const counts = { all: 0, some: 0, none: 0, never: 0 };
  for (let seed = 1; seed <= 600; seed++) {
    const random = seedRandom(seed);
    const { sources, host } = makeRandomQuestion(random, { sources: 9, offers: 12, parents: 3 });
    const rules = { sources, host, sharing: "shared" } as const;
    const exact = planTogether(sources, host, { count: 5 });
    const together = planTogether(sources, host, { count: 5, budget: random.below(3000) });
    const { verdict, plans: [plan], blocking } = together;
    const reasons = [...plan ? [plan] : [], ...blocking].flatMap(({ reasons }) => reasons);
    if (reasons.every(({ code }) => code !== "PlanBudget")) {
      assertEquals(together, exact, `seed ${seed}`);
      counts.all++;
    } else if (plan !== undefined) {
      const way = { later: !plan.now, certain: false };
      const isPlan = isFeasible(rules, choiceOf(rules, plan), way);
      assertEquals([verdict, isPlan], ["unknown", true], `seed ${seed}`);
      counts.some++;
    } else if (verdict === "incompatible") {
      assertEquals(exact.verdict, verdict, `seed ${seed}`);
      counts.never++;
    } else counts.none++;
  }
  assertEquals(Object.values(counts).every((count) => count > 5), true, JSON.stringify(counts));
});
