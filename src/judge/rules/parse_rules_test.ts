import { assertEquals } from "@std/assert";
import { RULES_SCHEMA } from "../../documents/mod.ts";
import { parseRules } from "./parse_rules.ts";

type Json = Record<string, unknown>;

function file({ target = {}, rule = {}, top = {} }: { target?: Json; rule?: Json; top?: Json }) {
  const targets = [{ verdict: "compatible", sentence: "we say so", ...target }];
  return JSON.stringify({
    schema: RULES_SCHEMA,
    vendor: "v",
    rules: [{ name: "r", for: { driver: "x", type: "x-{n}" }, targets, ...rule }],
    ...top,
  });
}

const condition = (change: Json) => ({ require: [{ fact: "a", op: "equal", ...change }] });
const AT = "/rules/0/targets/0";

/** The error, and the path that must be reported. */
const WRONG: readonly [name: string, text: string, path: string][] = [
  ["invalid JSON", "{", ""],
  ["another schema", file({ top: { schema: "vfio-ask/identity/v1" } }), "/schema"],
  ["a newer schema", file({ top: { schema: "vfio-ask/rules/v2" } }), "/schema"],
  ["no vendor", file({ top: { vendor: "" } }), "/vendor"],
  ["an unknown field", file({ top: { rule: [] } }), "/rule"],
  [
    "an unknown test depth",
    file({ top: { tests: [{ driver: "x", depth: "deep" }] } }),
    "/tests/0/depth",
  ],
  [
    "a misspelled test declaration",
    file({ top: { tests: [{ driver: "x", depth: "header", compare: "all" }] } }),
    "/tests/0/compare",
  ],
  ["a misspelled selector", file({ rule: { for: { drivers: "x" } } }), "/rules/0/for/drivers"],
  ["a misspelled condition", file({ target: { requires: [] } }), `${AT}/requires`],
  ["no target", file({ rule: { targets: [] } }), "/rules/0/targets"],
  ["an unknown verdict", file({ target: { verdict: "maybe" } }), `${AT}/verdict`],
  ["no sentence", file({ target: { sentence: "" } }), `${AT}/sentence`],
  ["an unknown operation", file({ target: condition({ op: "like" }) }), `${AT}/require/0/op`],
  [
    "a condition on the version",
    file({ target: condition({ fact: "version" }) }),
    `${AT}/require/0/fact`,
  ],
  [
    "a condition on initial data",
    file({ target: condition({ fact: "initialData.base64" }) }),
    `${AT}/require/0/fact`,
  ],
  ["no range", file({ target: condition({ op: "version" }) }), `${AT}/require/0/range`],
  [
    "an invalid range",
    file({ target: condition({ op: "version", range: ">= one" }) }),
    `${AT}/require/0/range`,
  ],
  [
    "a value for a superset",
    file({ target: condition({ op: "superset", value: 1 }) }),
    `${AT}/require/0/value`,
  ],
  [
    "an invalid size",
    file({ target: condition({ op: "atLeast", value: "8 GB" }) }),
    `${AT}/require/0/value`,
  ],
  ["a weight of 0", file({ target: condition({ weight: 0 }) }), `${AT}/require/0/weight`],
  [
    "a warning without text",
    file({ target: { warnings: [{ code: "Beware", sentence: "" }] } }),
    `${AT}/warnings/0/sentence`,
  ],
  [
    "a misspelled warning",
    file({ target: { warnings: [{ code: "Beware", sentence: "x", verdict: "unknown" }] } }),
    `${AT}/warnings/0/verdict`,
  ],
  ["a pattern with too many wildcards", file({ target: { type: "{a}{b}{c}{d}*" } }), `${AT}/type`],
  ["a code in lower case", file({ target: { code: "no code" } }), `${AT}/code`],
  [
    "instances from an unknown name",
    file({ target: { instances: "{m}" } }),
    `${AT}/instances`,
  ],
  ["zero instances", file({ target: { instances: 0 } }), `${AT}/instances`],
];

for (const [name, text, path] of WRONG) {
  Deno.test(`parseRules() refuses a file with ${name}, and says where`, () => {
    const { document, errors } = parseRules(text);
    assertEquals([document, errors?.map(({ path }) => path)], [undefined, [path]]);
  });
}

Deno.test("parseRules() reports all errors at once", () => {
  const { errors } = parseRules(file({ target: { instances: "{m}", requires: 1 }, top: { x: 1 } }));
  assertEquals(errors?.map(({ path }) => path), ["/x", `${AT}/requires`, `${AT}/instances`]);
});

Deno.test("parseRules() refuses two rules with the same name", () => {
  const rule = { name: "r", for: {}, targets: [{ verdict: "unknown", sentence: "x" }] };
  const { errors } = parseRules(file({ top: { rules: [rule, rule] } }));
  assertEquals(errors?.map(({ path }) => path), ["/rules/1/name"]);
});

Deno.test("parseRules() keeps keys that begin with x-, for the author's notes", () => {
  assertEquals(parseRules(file({ top: { "x-owner": "ops" } })).errors, undefined);
});

Deno.test("parseRules() reads the README's example", () => {
  const readme = Deno.readTextFileSync(new URL("README.md", import.meta.url));
  const [, example] = /```json\n([\s\S]*?)```/.exec(readme)!;
  assertEquals(parseRules(example!).errors, undefined);
});
