import { ask } from "../../src/judge/ask/mod.ts";
import type { Identity, Snapshot } from "../../src/documents/mod.ts";
import { shippedRules } from "../../src/judge/rules/mod.ts";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { mttyDevice, mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";
import { type Figure, sampleInTurns } from "./figure.ts";

const HOSTS = 10_000;
const ROUNDS = 7;
/** Configurations of the source's type on each host. */
const SAME_TYPE = 4;
const TARGET_MS = 1_000;

/**
 * Asks 10,000 snapshots of hosts with one identity, on one core. The yardstick goes through the same snapshots and only
 * compares the names of types. A second figure has ten times as many configurations of other types on each host, which
 * must not cost more.
 */
export async function benchAsk(): Promise<Figure[]> {
  const source = mttyIdentity();
  const [few, many] = [20, 200].map((strangers) => makeHosts(strangers)) as [
    Snapshot[],
    Snapshot[],
  ];
  console.log(
    `ask: ${ROUNDS} rounds, ${HOSTS} hosts, ${SAME_TYPE} configurations of the source's type and ` +
      `20 (or 200) of others on each, ${shippedRules().length} files of rules`,
  );
  const first = await sampleInTurns(ROUNDS, {
    ours: () => Promise.resolve(timeAsk(few.map(copy), source)),
    yardstick: () => Promise.resolve(timeWalk(few.map(copy), source)),
  });
  const indexed = await sampleInTurns(ROUNDS, {
    ours: () => Promise.resolve(timeAsk(many, source)),
    yardstick: () => Promise.resolve(timeAsk(few, source)),
  });
  return [
    { name: `ask ${HOSTS} hosts`, unit: "ms", ...first, target: null, most: TARGET_MS },
    {
      name: "ask, 200 other types per host, with 20",
      unit: "ms",
      ...indexed,
      target: null,
    },
  ];
}

/** The milliseconds for the offers of all hosts. Throws if a host gives a wrong answer. */
function timeAsk(hosts: readonly Snapshot[], source: Identity): number {
  const start = performance.now();
  let offers = 0;
  for (const host of hosts) offers += ask(host, source).offers.length;
  const ms = performance.now() - start;
  if (offers !== HOSTS * SAME_TYPE) throw new Error(`Cannot compare: ${offers} offers`);
  return ms;
}

function timeWalk(hosts: readonly Snapshot[], source: Identity): number {
  const start = performance.now();
  let found = 0;
  for (const { devices, types } of hosts) {
    found += types.filter(({ type }) => type === source.type).length;
    found += devices.filter(({ type }) => type === source.type).length;
  }
  const ms = performance.now() - start;
  if (found !== HOSTS * SAME_TYPE) throw new Error(`Cannot compare: ${found} found`);
  return ms;
}

/** A new object of the same host, so that nothing is cached for it. */
function copy(host: Snapshot): Snapshot {
  return { ...host, devices: [...host.devices], types: [...host.types] };
}

function makeHosts(strangers: number): Snapshot[] {
  const rules = shippedRules();
  return Array.from({ length: HOSTS }, (_, index) =>
    mttySnapshot({
      snapshot: index,
      rules,
      devices: [mttyDevice({ id: `${index}-a` }), mttyDevice({ id: `${index}-b` })],
      types: [
        mttyType({ parent: "mtty" }),
        mttyType({ parent: "mtty1" }),
        ...Array.from(
          { length: strangers },
          (_, other) => mttyType({ type: `other-${other}`, parent: `parent${other % 4}` }),
        ),
      ],
    }));
}
