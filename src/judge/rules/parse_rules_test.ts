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

/** What is wrong, and the path that must be named. */
const WRONG: readonly [name: string, text: string, path: string][] = [
  ["no JSON", "{", ""],
  ["another schema", file({ top: { schema: "vfio-ask/identity/v1" } }), "/schema"],
  ["a newer schema", file({ top: { schema: "vfio-ask/rules/v2" } }), "/schema"],
  ["no vendor", file({ top: { vendor: "" } }), "/vendor"],
  ["a field that means nothing", file({ top: { rule: [] } }), "/rule"],
  [
    "another depth of a test",
    file({ top: { tests: [{ driver: "x", depth: "deep" }] } }),
    "/tests/0/depth",
  ],
  [
    "a misspelt declaration of a test",
    file({ top: { tests: [{ driver: "x", depth: "header", compare: "all" }] } }),
    "/tests/0/compare",
  ],
  ["a misspelt selector", file({ rule: { for: { drivers: "x" } } }), "/rules/0/for/drivers"],
  ["a misspelt condition", file({ target: { requires: [] } }), `${AT}/requires`],
  ["no target", file({ rule: { targets: [] } }), "/rules/0/targets"],
  ["another verdict", file({ target: { verdict: "maybe" } }), `${AT}/verdict`],
  ["no sentence", file({ target: { sentence: "" } }), `${AT}/sentence`],
  ["another operation", file({ target: condition({ op: "like" }) }), `${AT}/require/0/op`],
  [
    "a look into the version",
    file({ target: condition({ fact: "version" }) }),
    `${AT}/require/0/fact`,
  ],
  [
    "a look into initial data",
    file({ target: condition({ fact: "initialData.base64" }) }),
    `${AT}/require/0/fact`,
  ],
  ["no range", file({ target: condition({ op: "version" }) }), `${AT}/require/0/range`],
  [
    "a range that is none",
    file({ target: condition({ op: "version", range: ">= one" }) }),
    `${AT}/require/0/range`,
  ],
  [
    "a value for a superset",
    file({ target: condition({ op: "superset", value: 1 }) }),
    `${AT}/require/0/value`,
  ],
  [
    "a size that is none",
    file({ target: condition({ op: "atLeast", value: "8 GB" }) }),
    `${AT}/require/0/value`,
  ],
  ["no weight", file({ target: condition({ weight: 0 }) }), `${AT}/require/0/weight`],
  [
    "a warning that says nothing",
    file({ target: { warnings: [{ code: "Beware", sentence: "" }] } }),
    `${AT}/warnings/0/sentence`,
  ],
  [
    "a misspelt warning",
    file({ target: { warnings: [{ code: "Beware", sentence: "x", verdict: "unknown" }] } }),
    `${AT}/warnings/0/verdict`,
  ],
  ["a pattern of many wildcards", file({ target: { type: "{a}{b}{c}{d}*" } }), `${AT}/type`],
  ["a code in lower case", file({ target: { code: "no code" } }), `${AT}/code`],
  [
    "instances of a name that is not bound",
    file({ target: { instances: "{m}" } }),
    `${AT}/instances`,
  ],
  ["no instance", file({ target: { instances: 0 } }), `${AT}/instances`],
];

for (const [name, text, path] of WRONG) {
  Deno.test(`parseRules() refuses a file with ${name}, and says where`, () => {
    const { document, errors } = parseRules(text);
    assertEquals([document, errors?.map(({ path }) => path)], [undefined, [path]]);
  });
}

Deno.test("parseRules() tells all that is wrong at once", () => {
  const { errors } = parseRules(file({ target: { instances: "{m}", requires: 1 }, top: { x: 1 } }));
  assertEquals(errors?.map(({ path }) => path), ["/x", `${AT}/requires`, `${AT}/instances`]);
});

Deno.test("parseRules() refuses two rules of one name", () => {
  const rule = { name: "r", for: {}, targets: [{ verdict: "unknown", sentence: "x" }] };
  const { errors } = parseRules(file({ top: { rules: [rule, rule] } }));
  assertEquals(errors?.map(({ path }) => path), ["/rules/1/name"]);
});

Deno.test("parseRules() keeps what begins with x-, for notes of one's own", () => {
  assertEquals(parseRules(file({ top: { "x-owner": "ops" } })).errors, undefined);
});

Deno.test("parseRules() reads the example of the README", () => {
  const readme = Deno.readTextFileSync(new URL("README.md", import.meta.url));
  const [, example] = /```json\n([\s\S]*?)```/.exec(readme)!;
  assertEquals(parseRules(example!).errors, undefined);
});
