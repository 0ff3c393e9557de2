import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Availability } from "../../documents/mod.ts";
import { type PlanSource, planTogether, type Together } from "./mod.ts";
import {
  aDevice,
  asks,
  aType,
  makeHost,
  makeOffer,
  makeRandomQuestion,
  MIGRATIONS,
  seedRandom,
} from "./testing.ts";

const free = (instances: number, more: Partial<Availability> = {}): Availability => ({
  now: instances > 0,
  instances,
  inUse: 0,
  idle: 0,
  ...more,
});

/** The best plan, one line for each source. */
const best = ({ plans: [plan] }: Together) =>
  plan?.placements.map(({ source, configuration: { id, type, parent } }) =>
    `${source} ${id ?? `${type} on ${parent}`}`
  );
const codes = ({ plans, blocking }: Together) =>
  [...plans.slice(0, 1), ...blocking].flatMap(({ reasons }) => reasons.map(({ code }) => code));

Deno.test("planTogether() gives each source its own device", () => {
  const [x, y] = [makeOffer(aDevice("x")), makeOffer(aDevice("y"))];
  const host = makeHost([{ id: "x" }, { id: "y" }]);
  const together = planTogether([asks("a", [x, y]), asks("b", [x])], host);
  assertEquals(best(together), ["a y", "b x"]);
  assertEquals([together.verdict, together.plans[0]!.now, together.blocking], [
    "compatible",
    true,
    [],
  ]);
});

Deno.test("planTogether() returns plans that only swap equal sources once", () => {
  const offers = ["x", "y"].map((id) => makeOffer(aDevice(id)));
  const host = makeHost([{ id: "x" }, { id: "y" }]);
  const { plans } = planTogether([asks("a", offers), asks("b", offers)], host, { count: 3 });
  assertEquals(plans.length, 1);
});

Deno.test("planTogether() names the competing sources if there is one device too few", () => {
  const sources = ["a", "b", "c"].map((id) => asks(id, [makeOffer(aDevice("x"))]));
  const together = planTogether(sources, makeHost([{ id: "x" }]));
  assertEquals([together.verdict, together.plans], ["incompatible", []]);
  assertEquals(together.blocking.map(({ source }) => source), ["b", "c"]);
  assertEquals(
    together.blocking[0]!.reasons[0]!.sentence,
    "mtty: this host has 1 of mtty-2 for b, but a, c need the same",
  );
});

Deno.test("planTogether() names a source that nothing can take", () => {
  const together = planTogether(
    [asks("a", [makeOffer(aDevice("x"))]), asks("b", [])],
    makeHost([{ id: "x" }]),
  );
  assertEquals(together.blocking.map(({ source }) => source), ["b"]);
  assertEquals(codes(together), ["NoConfiguration"]);
});

Deno.test("planTogether() prefers plans whose shared parent certainly has room", () => {
  const on = (parent: string) => [
    makeOffer(aType("big", parent), { availability: free(2) }),
    makeOffer(aType("small", parent), { availability: free(4) }),
  ];
  const [big, small] = on("card");
  const host = makeHost([], [{ type: "big", parent: "card" }, { type: "small", parent: "card" }]);
  const ask = (bigs: number, smalls: number) =>
    planTogether([
      ...Array.from({ length: bigs }, (_, i) => asks(`b${i}`, [big!])),
      ...Array.from({ length: smalls }, (_, i) => asks(`s${i}`, [small!])),
    ], host);
  // 1/2 + 2/4 = 1; 1/2 + 3/4 > 1, but 1/3 + 3/5 < 1; 2/3 + 2/5 > 1.
  assertEquals(ask(1, 2).verdict, "compatible");
  const open = ask(1, 3);
  assertEquals([open.verdict, codes(open)], ["unknown", ["ParentShareUnknown"]]);
  assertEquals(
    open.plans[0]!.reasons[0]!.sentence,
    "mtty: it is unknown whether card has room for 1 big and 3 small together, because the types share it",
  );
  assertEquals(ask(2, 2).verdict, "incompatible");
  assertEquals(ask(2, 2).blocking.length, 1);
});

Deno.test("planTogether() shares a parent as the option says", () => {
  const offers = ["big", "small"].map((type) =>
    makeOffer(aType(type, "card"), { availability: free(1) })
  );
  const sources = [asks("a", [offers[0]!]), asks("b", [offers[1]!])];
  const types = ["big", "small"].map((type) => ({ type, parent: "card" }));
  const ask = (sharing: "shared" | "independent" | "one-type") =>
    planTogether(sources, makeHost([], types), { sharing: () => sharing }).verdict;
  assertEquals([ask("shared"), ask("independent"), ask("one-type")], [
    "incompatible",
    "compatible",
    "incompatible",
  ]);
});

Deno.test("planTogether() takes as many instances as a configuration needs", () => {
  const two = makeOffer(aType("t", "card", 2), { availability: free(3) });
  const host = makeHost([], [{ type: "t", parent: "card" }]);
  assertEquals(planTogether([asks("a", [two])], host).verdict, "compatible");
  assertEquals(planTogether([asks("a", [two]), asks("b", [two])], host).blocking.length, 1);
});

Deno.test("planTogether() sets one vGPU type on a function", () => {
  const offers = ["nvidia-1", "nvidia-2"].map((type) =>
    makeOffer({ kind: "vgpu-type", type, parent: "0000:41:00.4" }, { availability: free(1) })
  );
  const types = ["nvidia-1", "nvidia-2"].map((type) => ({
    kind: "vgpu-type" as const,
    type,
    parent: "0000:41:00.4",
  }));
  const together = planTogether([asks("a", offers), asks("b", offers)], makeHost([], types));
  assertEquals(together.blocking.map(({ source }) => source), ["b"]);
});

Deno.test("planTogether() says what must be freed if not everything is available now", () => {
  const offer = makeOffer(aType("t", "card"), { availability: free(1, { inUse: 2 }) });
  const host = makeHost([], [{ type: "t", parent: "card", instances: ["x", "y"] }]);
  const ask = (count: number) =>
    planTogether(Array.from({ length: count }, (_, i) => asks(`s${i}`, [offer])), host);
  assertEquals(ask(1).plans[0]!.now, true);
  const later = ask(2);
  assertEquals([later.verdict, later.plans[0]!.now, codes(later)], [
    "compatible",
    false,
    ["MustBeFreed"],
  ]);
  assertEquals(
    later.plans[0]!.reasons[0]!.sentence,
    "mtty: to create 2 t (1 free) on card, some existing instances must be freed first: 2 t",
  );
  assertEquals(ask(4).blocking.length, 1);
});

Deno.test("planTogether() says why a type with free instances is not available now", () => {
  const reason = "AP queue 05.0004 is of another mdev";
  const offer = makeOffer(aType("t", "matrix"), {
    availability: { now: false, instances: 5, reason },
  });
  const host = makeHost([], [{ type: "t", parent: "matrix" }]);
  const { plans: [plan] } = planTogether([asks("a", [offer])], host);
  assertEquals([plan!.now, plan!.reasons.map(({ code, host }) => [code, host])], [
    false,
    [["MustBeFreed", reason]],
  ]);
});

Deno.test("planTogether() does not free a device that it keeps", () => {
  const taken = free(0, { idle: 1 });
  const sources = [
    asks("a", [makeOffer(aDevice("x"))]),
    asks("b", [makeOffer(aType("t", "card"), { availability: taken })]),
  ];
  const host = makeHost([{ id: "x", type: "t", parent: "card" }], [
    { type: "t", parent: "card", instances: ["x"] },
  ]);
  assertEquals(planTogether(sources.slice(1), host).verdict, "compatible");
  assertEquals(planTogether(sources, host).verdict, "incompatible");
});

Deno.test("planTogether() says unknown if other types of a parent must be freed first", () => {
  const full = free(0, { toFree: [{ type: "other", instances: 2 }] });
  const offer = makeOffer(aType("t", "card"), { availability: full });
  const host = makeHost([], [
    { type: "t", parent: "card" },
    { type: "other", parent: "card", instances: ["x", "y"] },
  ]);
  const together = planTogether([asks("a", [offer])], host);
  assertEquals([together.verdict, codes(together)], [
    "unknown",
    ["ParentShareUnknown", "MustBeFreed"],
  ]);
});

Deno.test("planTogether() requires P2P of several sources, not of one", () => {
  const [x, y] = [makeOffer(aDevice("x")), makeOffer(aDevice("y"))];
  const plain = MIGRATIONS.plain;
  const host = makeHost([{ id: "x" }, { id: "y" }]);
  assertEquals(planTogether([asks("a", [x], plain)], host).verdict, "compatible");
  const together = planTogether([asks("a", [x], plain), asks("b", [y])], host);
  assertEquals(together.blocking.map(({ source }) => source), ["a"]);
  assertEquals(codes(together), ["P2pMissing"]);
  assertStringIncludes(together.blocking[0]!.reasons[0]!.sentence, "mtty: ");
  assertStringIncludes(together.blocking[0]!.reasons[0]!.sentence, "QEMU");
  const none = planTogether([asks("a", [x], plain), asks("b", [y], plain)], host);
  assertEquals(none.blocking.length, 1);
});

Deno.test("planTogether() avoids targets without P2P and reports unknown P2P", () => {
  const offers = [
    makeOffer(aDevice("x"), { evidence: "driver-tested" }),
    makeOffer(aDevice("y")),
    makeOffer(aDevice("z")),
  ];
  const hostWith = (x: keyof typeof MIGRATIONS) =>
    makeHost([{ id: "x", migration: MIGRATIONS[x] }, { id: "y" }, { id: "z" }]);
  const sources = [asks("a", offers), asks("b", offers)];
  assertEquals(best(planTogether(sources, hostWith("plain"))), ["a y", "b z"]);
  assertEquals(best(planTogether(sources, hostWith("unknown"))), ["a y", "b z"]);
  const few = [asks("a", offers.slice(0, 1)), asks("b", offers)];
  const unknown = planTogether(few, hostWith("unknown"));
  assertEquals([unknown.verdict, codes(unknown)], ["unknown", ["P2pUnknown"]]);
  const missing = planTogether(few, hostWith("plain"));
  assertEquals([missing.blocking[0]!.source, codes(missing)], ["a", ["P2pMissing"]]);
  const v1 = few.map(({ source, offers }) => asks(source.id, offers, MIGRATIONS.v1));
  assertEquals(planTogether(v1, hostWith("v1")).verdict, "compatible");
});

Deno.test("planTogether() keeps an outdone type that another source needs", () => {
  const [one, two] = ["t1", "t2"].map((type) =>
    makeOffer(aType(type, "card"), { availability: free(2) })
  );
  const host = makeHost([], ["t1", "t2"].map((type) => ({ type, parent: "card" })));
  const sources = [asks("a", [one!, two!]), asks("b", [two!])];
  const together = planTogether(sources, host, { sharing: () => "one-type" });
  assertEquals(best(together), ["a t2 on card", "b t2 on card"]);
});

Deno.test("planTogether() keeps as many devices of one parent as there are sources", () => {
  const type = { type: "t", parent: "card" };
  const ids = ["x", "y", "z"];
  const used = { now: false, instances: 0, inUse: 1 };
  const offers = [
    ...ids.map((id) => makeOffer(aDevice(id), { availability: used })),
    makeOffer(aType("t", "card"), { availability: free(0, { inUse: 3 }) }),
  ];
  const host = makeHost(ids.map((id) => ({ id, ...type })), [{ ...type, instances: ids }]);
  const ask = (count: number) =>
    best(planTogether(ids.slice(0, count).map((id) => asks(id, offers)), host));
  assertEquals(ask(2), ["x x", "y y"]);
  assertEquals(ask(3), ["x x", "y y", "z z"]);
});

Deno.test("planTogether() is the same for any order of sources and snapshot", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seedRandom(seed);
    const { sources, host } = makeRandomQuestion(random);
    const shuffled = {
      ...host,
      devices: random.shuffle(host.devices),
      types: random.shuffle(host.types),
    };
    assertEquals(
      planTogether(random.shuffle(sources), shuffled),
      planTogether(sources, host),
      `seed ${seed}`,
    );
  }
});

Deno.test("planTogether() is exact for 16 sources and 1,000 devices", () => {
  const ids = Array.from({ length: 1000 }, (_, n) => `d${String(n).padStart(3, "0")}`);
  const host = makeHost(ids.map((id) => ({ id, kind: "pci" as const, parent: null })));
  const offers = ids.map((id) => makeOffer(aDevice(id)));
  const sources = Array.from({ length: 16 }, (_, i) => asks(`s${i + 10}`, offers));
  const ranks = ({ plans }: Together) =>
    plans.map(({ placements }) => placements.reduce((sum, { offer }) => sum + offer, 0));
  // 1 to 16; then 17 instead of 16; then 18 instead of 16 or 17 instead of 15, the latter first by name.
  assertEquals(ranks(planTogether(sources, host, { count: 3 })), [136, 137, 138]);
  const scarce: PlanSource[] = sources.map(({ source }) => asks(source.id, offers.slice(0, 15)));
  assertEquals(planTogether(scarce, host).blocking.map(({ source }) => source), ["s25"]);
});

Deno.test("planTogether() fills shared parents completely with 16 sources", () => {
  // Four wholes, four halves and eight quarters fill eight cards.
  const types = [["whole", 1], ["half", 2], ["quarter", 4]] as const;
  const cards = Array.from({ length: 8 }, (_, n) => `card${n}`);
  const host = makeHost([], cards.flatMap((parent) => types.map(([type]) => ({ type, parent }))));
  const askFor = (type: string, instances: number, count: number) =>
    Array.from({ length: count }, (_, i) =>
      asks(
        `${type}${i}`,
        cards.map((card) => makeOffer(aType(type, card), { availability: free(instances) })),
      ));
  const verdictOf = (wholes: number, halves: number, quarters: number) => {
    const { verdict, blocking } = planTogether([
      ...askFor("whole", 1, wholes),
      ...askFor("half", 2, halves),
      ...askFor("quarter", 4, quarters),
    ], host);
    return [verdict, blocking.length];
  };
  assertEquals(verdictOf(4, 4, 8), ["compatible", 0]);
  assertEquals(verdictOf(5, 8, 0), ["unknown", 0]);
  assertEquals(verdictOf(10, 0, 6), ["incompatible", 2]);
});

Deno.test("planTogether() ends a search that takes too long and returns what it found", () => {
  const random = seedRandom(7);
  const types = ["card0", "card1", "card2", "card3"].flatMap((parent) =>
    ["a", "b", "c", "d", "e"].map((type) => ({ type, parent }))
  );
  const offers = types.map(({ type, parent }) =>
    makeOffer(aType(type, parent), { availability: free(2 + random.below(5)) })
  );
  const sources = Array.from({ length: 16 }, (_, i) => asks(`s${i}`, random.shuffle(offers)));
  const together = planTogether(sources, makeHost([], types));
  assertEquals([together.verdict, together.plans.length, codes(together)], [
    "unknown",
    1,
    ["PlanBudget"],
  ]);
  assertEquals(
    together.plans[0]!.reasons[0]!.sentence,
    "mtty: there are too many plans for 16 sources to check all; an unchecked plan " +
      "may be better",
  );
});
