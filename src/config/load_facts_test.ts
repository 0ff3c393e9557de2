import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { FACTS_SCHEMA, type OperatorFact } from "../documents/mod.ts";
import { readOperatorFacts, withOperatorFacts } from "./load_facts.ts";

const ECC: OperatorFact = { for: { parent: "0000:3b:00.0" }, set: { eccMode: "enabled" } };
const GPU = {
  device: "3a6f0d52-8c1e-4b7a-9f25-61d0e4c7a101",
  parents: ["0000:3b:00.0"],
  driver: "nvidia",
  type: "nvidia-232",
};

/** Runs a test with files in a temporary directory. */
function withFiles(
  files: Readonly<Record<string, unknown>>,
  test: (directory: string) => void,
): void {
  const directory = Deno.makeTempDirSync();
  try {
    for (const [name, document] of Object.entries(files)) {
      const text = typeof document === "string" ? document : JSON.stringify(document);
      Deno.writeTextFileSync(join(directory, name), text);
    }
    test(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

const file = (...facts: unknown[]) => ({ schema: FACTS_SCHEMA, facts });

Deno.test("readOperatorFacts() reads files in order of their names, and nothing without a directory", () => {
  const other = { ...ECC, set: { eccMode: "disabled" } };
  withFiles({ "b.json": file(other), "a.json": file(ECC), "notes.txt": "x" }, (directory) => {
    assertEquals(readOperatorFacts([directory]), { facts: [ECC, other], problems: [] });
  });
  assertEquals(readOperatorFacts(["/nowhere/facts.d"]), { facts: [], problems: [] });
});

const WRONG: readonly [name: string, document: unknown, says: string][] = [
  ["no JSON", "{", "JSON"],
  ["no schema", { facts: [] }, "/schema is missing"],
  ["another schema", { schema: "vfio-ask/rules/v1", facts: [] }, "its schema is"],
  ["a misspelt selector", file({ ...ECC, for: { parents: "x" } }), "/facts/0/for"],
  ["a fact of another form", file({ ...ECC, set: { "ECC mode": "x" } }), "/facts/0/set"],
  ["a value that no rule compares", file({ ...ECC, set: { eccMode: {} } }), "/facts/0/set/eccMode"],
  ["nothing declared", file({ for: {} }), "/facts/0/set"],
  ["many wildcards", file({ ...ECC, for: { type: "*a*b*c*d*" } }), "/facts/0/for/type"],
];

for (const [name, document, says] of WRONG) {
  Deno.test(`readOperatorFacts() ignores a file with ${name}, and reports it`, () => {
    withFiles({ "00.json": document, "10.json": file(ECC) }, (directory) => {
      const { facts, problems: [problem, ...more] } = readOperatorFacts([directory]);
      assertEquals([facts, more], [[ECC], []]);
      assertEquals([problem!.code, problem!.subject], [
        "facts-refused",
        join(directory, "00.json"),
      ]);
      assertStringIncludes(problem!.sentence, says);
    });
  });
}

Deno.test("withOperatorFacts() adds facts, and overrides no fact from the host", () => {
  const facts = { typeName: "GRID T4-4Q", hostDriver: null };
  const set = { eccMode: "enabled", hostDriver: "550.90.05", typeName: "another" };
  assertEquals(withOperatorFacts(facts, [{ for: {}, set }, ECC], GPU), {
    typeName: "GRID T4-4Q",
    hostDriver: "550.90.05",
    eccMode: "enabled",
  });
});

Deno.test("withOperatorFacts() takes the first declaration whose conditions all match", () => {
  const fits = (of: OperatorFact["for"]) =>
    "eccMode" in withOperatorFacts({}, [{ ...ECC, for: of }], GPU);
  assertEquals(fits({}), true);
  assertEquals(fits({ parent: "0000:3b:*", type: "nvidia-*", driver: "nvidia" }), true);
  assertEquals(fits({ device: GPU.device }), true);
  assertEquals(fits({ parent: "0000:af:00.0" }), false);
  assertEquals(fits({ parent: "0000:3b:*", type: "mtty-*" }), false);
  const twice = withOperatorFacts({}, [ECC, { for: {}, set: { eccMode: "disabled" } }], GPU);
  assertEquals(twice, { eccMode: "enabled" });
});

Deno.test("readOperatorFacts() reads the example of the README", () => {
  const readme = Deno.readTextFileSync(new URL("../judge/rules/README.md", import.meta.url));
  const examples = [...readme.matchAll(/```json\n([\s\S]*?)```/g)].map(([, example]) => example!);
  const example = examples.find((text) => text.includes(FACTS_SCHEMA))!;
  withFiles({ "example.json": example }, (directory) => {
    const { facts, problems } = readOperatorFacts([directory]);
    assertEquals([facts.length, problems], [1, []]);
  });
});
