import { assert, assertEquals } from "@std/assert";
import { EVIDENCE } from "../../documents/mod.ts";
import { rankOffers, type Unranked } from "./order.ts";

/** Pseudorandom numbers, the same in every run. */
function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

function randomOffers(random: (below: number) => number, count: number): Unranked[] {
  return Array.from({ length: count }, (_, index): Unranked => {
    const known = random(4) > 0;
    const isType = random(2) === 0;
    const instances = [null, 0, 1, 2, 9][random(5)]!;
    return {
      configuration: isType
        ? { kind: "mdev-type", type: `t${random(3)}`, parent: `p${index}` }
        : { kind: "device", type: `t${random(3)}`, id: `d${index}` },
      verdict: known ? "compatible" : "unknown",
      needs: [],
      evidence: known ? EVIDENCE[random(EVIDENCE.length)]! : null,
      availability: { now: random(2) === 0, instances },
      reasons: [],
      warnings: [],
      create: isType ? { sysfs: "/sys/x" } : null,
      rule: null,
      ruleIndex: random(2) === 0 ? null : random(3),
      unknowns: known ? 0 : random(3),
      numaNode: [null, 0, 1][random(3)]!,
    };
  });
}

function shuffled<T>(items: readonly T[], random: (below: number) => number): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

Deno.test("rankOffers() gives the same order for any order of the input", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = makeRandom(seed);
    const offers = randomOffers(random, 1 + random(30));
    const wish = { numaNode: [null, 0, 1][random(3)]! };
    const expected = rankOffers(offers, wish);
    assertEquals(expected.map(({ rank }) => rank), offers.map((_, index) => index + 1));
    assertEquals(rankOffers(shuffled(offers, random), wish), expected);
  }
});

Deno.test("rankOffers() is a total order: one of any two comes first, and no three form a cycle", () => {
  const random = makeRandom(7);
  const offers = randomOffers(random, 40);
  const first = (a: Unranked, b: Unranked) =>
    JSON.stringify(rankOffers([a, b])[0]!.configuration) === JSON.stringify(a.configuration);
  const ranked = rankOffers(offers).map(({ configuration }) => JSON.stringify(configuration));
  const place = (offer: Unranked) => ranked.indexOf(JSON.stringify(offer.configuration));
  for (const a of offers) {
    for (const b of offers) {
      if (a === b) continue;
      assert(first(a, b) !== first(b, a));
      assertEquals(first(a, b), place(a) < place(b));
    }
  }
});

/** The documented sort keys, in order. */
const SENTENCES: readonly [string, (better: Unranked) => Unranked][] = [
  ["compatible before unknown", (x) => ({ ...x, verdict: "unknown", evidence: null })],
  ["stronger evidence", (x) => ({ ...x, evidence: "vendor-rule" })],
  ["fewer or lighter open questions", (x) => ({ ...x, unknowns: 3 })],
  ["the order in the rules", (x) => ({ ...x, ruleIndex: 5 })],
  ["available now", (x) => ({ ...x, availability: { ...x.availability, now: false } })],
  ["existing before to be created", (x) => ({ ...x, create: { sysfs: "/sys/x" } })],
  ["the preferred NUMA node", (x) => ({ ...x, numaNode: 0 })],
  ["the smaller leftover", (x) => ({ ...x, availability: { now: true, instances: 8 } })],
  ["the name", (x) => ({ ...x, configuration: { ...x.configuration, parent: "z" } })],
];

Deno.test("rankOffers() compares in the documented order", () => {
  const best: Unranked = {
    configuration: { kind: "mdev-type", type: "t", parent: "p" },
    verdict: "compatible",
    evidence: "driver-tested",
    needs: [],
    availability: { now: true, instances: 1 },
    reasons: [],
    warnings: [],
    create: null,
    rule: null,
    ruleIndex: 0,
    unknowns: 0,
    numaNode: 1,
  };
  for (const [index, [sentence, worsen]] of SENTENCES.entries()) {
    // An offer worse in one key loses against an offer worse in all later keys.
    const other = SENTENCES.slice(index + 1).reduce((offer, [, later]) => later(offer), best);
    const [winner] = rankOffers([worsen(best), other], { numaNode: 1 });
    const { rank: _, order: __, ...won } = winner!;
    const { ruleIndex: ___, numaNode: ____, unknowns: _____, ...expected } = other;
    assertEquals(won, expected, sentence);
  }
});

Deno.test("rankOffers() puts available offers first on request, but never before the verdict", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = makeRandom(seed);
    const offers = randomOffers(random, 2 + random(30));
    const ranked = rankOffers(shuffled(offers, random), {}, "available");
    const groups = ranked.map(({ verdict, availability }) => `${verdict} ${availability.now}`);
    const expected = ["compatible true", "compatible false", "unknown true", "unknown false"];
    assertEquals(groups, expected.flatMap((group) => groups.filter((other) => other === group)));
    // The order within each group is the usual one.
    const names = (of: typeof ranked, group: string) =>
      of.filter(({ verdict, availability }) => `${verdict} ${availability.now}` === group)
        .map(({ configuration }) => JSON.stringify(configuration));
    for (const group of expected) {
      assertEquals(names(ranked, group), names(rankOffers(offers), group));
    }
  }
});

Deno.test("rankOffers() shows in each offer the values that decided its rank", () => {
  const [offer] = rankOffers(randomOffers(makeRandom(3), 1));
  assertEquals(Object.keys(offer!.order), [
    "verdict",
    "evidence",
    "unknowns",
    "rule",
    "now",
    "create",
    "numaNode",
    "leftover",
  ]);
});

Deno.test("rankOffers() puts a firmware difference behind a board difference", () => {
  const [first] = randomOffers(makeRandom(3), 1) as [Unranked];
  const unknown = { ...first, verdict: "unknown" as const, evidence: null };
  const offer = (id: string, unknowns: number): Unranked => ({
    ...unknown,
    unknowns,
    configuration: { kind: "device", type: "t", id },
  });
  const ranked = rankOffers([offer("firmware", 4), offer("board", 2), offer("both", 5)]);
  assertEquals(ranked.map(({ configuration, order }) => [configuration.id, order.unknowns]), [
    ["board", 2],
    ["firmware", 4],
    ["both", 5],
  ]);
});
