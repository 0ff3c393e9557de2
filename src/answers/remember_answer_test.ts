import { assertEquals, assertStrictEquals } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { hostWithQemu, mttyOutcome, runningMtty } from "../../tests/fixtures/outcome.ts";
import { mttyDevice, mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import type { Identity, Outcome, Snapshot } from "../documents/mod.ts";
import { tallyOutcomes } from "../ledger/mod.ts";
import { answer, type AnswerOptions } from "./answer.ts";

/** The answer of a host without cached answers. */
function answerAfresh(host: Snapshot, source: Identity, options: AnswerOptions = {}) {
  return answer(structuredClone(host), source, options);
}

const SOURCE = mttyIdentity();

/** Sources that each differ from {@link SOURCE} in one part. Most of these parts change the answer. */
const OTHERS: readonly Identity[] = [
  { ...SOURCE, id: "another", description: "another", host: { ...SOURCE.host, name: "another" } },
  { ...SOURCE, type: "mtty-1" },
  { ...SOURCE, deviceApi: "vfio-ccw" },
  { ...SOURCE, driver: { ...SOURCE.driver!, version: "2" } },
  { ...SOURCE, facts: { traits: ["more"] } },
  { ...SOURCE, host: { ...SOURCE.host, kernel: "5.4.0" } },
  { ...SOURCE, host: { ...SOURCE.host, facts: { qemu: "7.2.0" } } },
  { ...SOURCE, migration: { ...SOURCE.migration, uapi: "v1" } },
  { ...SOURCE, migration: { ...SOURCE.migration, features: ["stop-copy"] } },
  { ...SOURCE, pciConfig: { ...SOURCE.pciConfig!, bars: [] } },
  { ...SOURCE, pciConfig: null },
  { ...SOURCE, version: "1" },
  { ...SOURCE, wish: { numaNode: 1 } },
  { ...SOURCE, vmm: { qemu: "9.0.0", options: {} } } as Identity,
  { ...SOURCE, id: mttyDevice().id, host: mttySnapshot().host },
];

const OPTIONS: readonly AnswerOptions[] = [
  {},
  { omitUnknown: true },
  { subsystem: "refuse" },
  { order: "available" },
  { refusals: "each" },
  { refusals: "none", offers: 1 },
  { offline: true },
];

Deno.test("answer() does not depend on earlier sources and options", () => {
  const host = mttySnapshot();
  for (let round = 0; round < 2; round++) {
    for (const source of [SOURCE, ...OTHERS]) {
      for (const options of OPTIONS) {
        assertEquals(answer(host, source, options), answerAfresh(host, source, options));
      }
    }
  }
});

Deno.test("answer() to equal sources does the work once", () => {
  const host = mttySnapshot();
  const like = {
    ...SOURCE,
    id: "another",
    host: { ...SOURCE.host, name: "another", bootId: null },
  };
  const first = answer(host, SOURCE);
  const seenAgain = { ...host, takenAt: "2026-01-01T00:00:01.000Z" };
  assertStrictEquals(answer(seenAgain, like).offers, first.offers);
  assertEquals(answer(seenAgain, like).takenAt, seenAgain.takenAt);
});

Deno.test("answer() notices a change in any part of the host", () => {
  const host = mttySnapshot();
  answer(host, SOURCE);
  const use = { state: "in-use" as const, holder: null };
  const changes: Partial<Snapshot>[] = [
    { devices: [mttyDevice({ kind: "pci", use })] },
    { types: [] },
    { rules: [] },
    { host: { ...host.host, name: "renamed", facts: { qemu: "5.0.0" } } },
    { problems: [{ code: "kernel", subject: "x", sentence: "x", remedy: null }] },
  ];
  for (const change of changes) {
    const changed = { ...host, ...change };
    assertEquals(answer(changed, SOURCE), answerAfresh(changed, SOURCE));
  }
});

Deno.test("answer() with tests is not cached", () => {
  const host = mttySnapshot();
  const tested = answer(host, SOURCE, { tests: new Map() });
  assertEquals(tested.preflight, "made");
  assertEquals(answer(host, SOURCE).preflight, "not-asked");
});

Deno.test("answer() does not keep an answer when more is known about earlier migrations", () => {
  const host = hostWithQemu({ devices: [mttyDevice()] });
  const evidence = (outcomes: readonly Outcome[]) => {
    const known = { ...host, outcomes: tallyOutcomes(outcomes, host.host) };
    return answer(known, runningMtty()).offers[0]!.evidence;
  };
  const failed = mttyOutcome({ result: "failed", cause: "device" });
  assertEquals(
    [[], [mttyOutcome()], [mttyOutcome(), failed]].map(evidence),
    ["vendor-rule", "migrated-before", null],
  );
});
