import { assert, assertEquals } from "@std/assert";
import { NOT_MADE, PASSED, REFUSED } from "../../../tests/fixtures/step_trial.ts";
import { mttyIdentity } from "../../../tests/fixtures/identity.ts";
import { mttyDevice, mttySnapshot, mttyType } from "../../../tests/fixtures/snapshot.ts";
import { Identity, MIGRATION_UNKNOWN, parseSnapshot, type Snapshot } from "../../documents/mod.ts";
import { shippedRules } from "../rules/mod.ts";
import { ask, rankPending } from "./ask.ts";
import { listCandidates } from "./configurations.ts";
import { OFFER_ORDERS } from "./order.ts";
import { candidateKey, type TestResult } from "./test_result.ts";

const FIXTURES = new URL("../../../tests/fixtures/", import.meta.url);

function readAll(folder: string): unknown[] {
  const directory = new URL(`${folder}/`, FIXTURES);
  return Array.from(Deno.readDirSync(directory), ({ name }) => name)
    .filter((name) => name.endsWith(".json")).toSorted()
    .map((name) => JSON.parse(Deno.readTextFileSync(new URL(name, directory))));
}

const SOURCES = readAll("identities").map((document) => Identity.parse(document) as Identity);
const HOSTS: readonly Snapshot[] = [
  ...readAll("hosts").map((document) => ({ ...parseSnapshot(document), rules: shippedRules() })),
  manyParents(),
];

/** A host with devices and types of the source's driver on several parents: free, in use, and not known. */
function manyParents(): Snapshot {
  const parents = ["mtty-a", "mtty-b", "mtty-c", "mtty-d"];
  return mttySnapshot({
    devices: parents.flatMap((parent, node) => [
      mttyDevice({ id: `device-1-${parent}`, parent, numaNode: node % 2 }),
      mttyDevice({ id: `device-2-${parent}`, parent, migration: MIGRATION_UNKNOWN }),
      mttyDevice({ id: `device-3-${parent}`, parent, type: "mtty-9", pciConfig: null }),
    ]),
    types: parents.flatMap((parent, index) => [
      mttyType({ parent, availableInstances: index }),
      mttyType({ parent, type: "mtty-9", availableInstances: 1 }),
    ]),
  });
}

/** Pseudorandom numbers, the same in every run. */
function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

/** What tested devices report about themselves, as some device of some host does. */
const SEEN = HOSTS.flatMap(({ devices }) => devices)
  .map(({ migration, pciConfig }) => ({ migration, pciConfig }));

/** A result. Without initial data, only the version attribute can be tested. */
function randomResult(random: (below: number) => number, { initialData }: Identity): TestResult {
  const made = [PASSED, PASSED, REFUSED, NOT_MADE][random(4)]!;
  const result = initialData !== null || made.evidence === null
    ? made
    : { ...made, by: "version-attribute", evidence: "attribute-tested" } as const;
  return random(2) === 0 ? result : { ...result, seen: SEEN[random(SEEN.length)]! };
}

function shuffled<T>(items: T[], random: (below: number) => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

Deno.test("ask() lists with pending tests the first offers of the answer after all tests", () => {
  const random = makeRandom(1);
  let early = 0;
  for (const host of HOSTS) {
    for (const recorded of [mttyIdentity(), mttyIdentity({ wish: { numaNode: 1 } }), ...SOURCES]) {
      const initialData = mttyIdentity().initialData;
      const source = random(2) === 0 ? recorded : { ...recorded, initialData };
      for (const order of OFFER_ORDERS) {
        const all = listCandidates(host).map(candidateKey);
        const tests = new Map(
          all.filter(() => random(3) > 0).map((key) =>
            [key, [randomResult(random, source)]] as const
          ),
        );
        const options = { order, omitUnknown: random(4) === 0 };
        const whole = ask(host, source, { ...options, tests }).offers;
        const waiting = new Set(
          rankPending(host, source, { pending: new Set(tests.keys()), order }),
        );
        assertEquals([...waiting].toSorted(), [...tests.keys()].toSorted());
        const made = new Map<string, readonly TestResult[]>();
        // The order of the tests decides only how early an offer is listed.
        const turns = random(2) === 0 ? [...waiting] : shuffled([...waiting], random);
        for (const key of turns) {
          const { offers } = ask(host, source, { ...options, tests: made, pending: waiting });
          assertEquals(offers, whole.slice(0, offers.length));
          if (offers.length > 0) early++;
          made.set(key, tests.get(key)!);
          waiting.delete(key);
        }
        assertEquals(
          ask(host, source, { ...options, tests: made, pending: waiting }).offers,
          whole,
        );
      }
    }
  }
  assert(early > 20, `${early} answers had offers before the last test`);
});

Deno.test("ask() lists the best offer after the first test, if that passes", () => {
  const host = manyParents();
  const source = mttyIdentity();
  const pending = new Set(listCandidates(host).map(candidateKey));
  const [first = ""] = rankPending(host, source, { pending });
  pending.delete(first);
  const tests = new Map([[first, [PASSED]]]);
  const { offers } = ask(host, source, { tests, pending });
  assertEquals(offers.map(candidateKey), [first]);
});
