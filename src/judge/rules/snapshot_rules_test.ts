import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mttyIdentity } from "../../../tests/fixtures/identity.ts";
import { judgeRule } from "./judge_rule.ts";
import { checkRules } from "./parse_rules.ts";
import { findRule, prepareRules } from "./prepare_rules.ts";
import { shippedRules } from "./shipped_rules.ts";
import { readSnapshotRules } from "./snapshot_rules.ts";

/** The shipped rules for mtty, with the given condition. */
function withCondition(condition: unknown): unknown {
  const file = structuredClone(shippedRules().find(({ name }) => name === "mtty.json")!);
  const [target] = file.document.rules[0]!.targets;
  return { ...file, name: "bad.json", document: changed(file.document, target!, condition) };
}

function changed(document: unknown, target: unknown, condition: unknown): unknown {
  return JSON.parse(JSON.stringify(
    document,
    (_, value) => value === target ? { ...value, require: [condition] } : value,
  ));
}

Deno.test("readSnapshotRules() accepts every shipped file unchanged", () => {
  assertEquals(readSnapshotRules(shippedRules()), { rules: shippedRules(), problems: [] });
});

Deno.test("readSnapshotRules() leaves out a file with an error, and reports the place", () => {
  const bad: readonly [unknown, string][] = [
    [
      withCondition({ fact: "a", op: "in" }),
      "/rules/0/document/rules/0/targets/0/require/0/values",
    ],
    [withCondition({ fact: "a", op: "version", range: "latest" }), "require/0/range: latest is no"],
    [withCondition({ fact: "a", op: "like" }), "/require/0/op"],
    [withCondition(null), "/require/0"],
    [{ name: "bad.json", path: "/etc", document: null }, "/rules/0/document/schema"],
    [{ name: "bad.json", document: {} }, "a name and a path"],
    [null, "a name and a path"],
    ["rules", "a name and a path"],
  ];
  for (const [file, place] of bad) {
    const { rules, problems } = readSnapshotRules([file, ...shippedRules()]);
    assertEquals([rules.length, problems.length], [shippedRules().length, 1], place);
    assertEquals(problems[0]!.code, "rules-refused");
    assertStringIncludes(problems[0]!.sentence, place);
  }
});

/** Pseudorandom numbers, the same in every run. */
function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

const STRANGE: readonly unknown[] = [
  null,
  0,
  -1,
  1e308,
  "",
  "__proto__",
  "{constructor}",
  "{source}",
  ">={source}",
  [],
  [null],
  {},
  { toString: 1 },
  true,
  "version",
  "in",
  "atLeast",
];

/** A document with one value replaced by a strange one. */
function damage(document: unknown, random: (below: number) => number): unknown {
  const copy = structuredClone(document);
  const places: [holder: Record<string, unknown>, key: string][] = [];
  JSON.stringify(copy, function (key, value) {
    if (key !== "") places.push([this, key]);
    return value;
  });
  const [holder, key] = places[random(places.length)]!;
  holder[key] = STRANGE[random(STRANGE.length)];
  return copy;
}

Deno.test("checkRules(), findRule() and judgeRule() do not throw on damaged documents", () => {
  const source = mttyIdentity({ facts: { constructor: "x" } });
  const host = {
    ...source,
    parentDriver: null,
    configuration: { kind: "device" as const, type: source.type },
  };
  const random = makeRandom(11);
  let taken = 0;
  for (let round = 0; round < 2000; round++) {
    const files = shippedRules();
    const file = files[random(files.length)]!;
    const twice = damage(damage(file.document, random), random);
    const { rules } = readSnapshotRules([{ ...file, document: twice }]);
    if (checkRules(twice).errors !== undefined) continue;
    taken++;
    const word = findRule(prepareRules(rules, source), source, host);
    if (word !== null) judgeRule(word, source, host);
  }
  assert(taken > 20, `some are accepted: ${taken}`);
});
