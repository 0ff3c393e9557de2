import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { RULES_SCHEMA } from "../documents/mod.ts";
import { shippedRules } from "../judge/rules/mod.ts";
import { makeRulesReader, rulesProblems } from "./load_rules.ts";

const SHIPPED = shippedRules().map(({ name }) => name);

function rulesText(vendor: string, change: object = {}): string {
  const targets = [{ verdict: "compatible", sentence: "we say so" }];
  const rules = [{ name: "one", for: { driver: "x" }, targets }];
  return JSON.stringify({ schema: RULES_SCHEMA, vendor, rules, ...change });
}

/** Runs a test with two temporary directories of rules. */
function withDirectories(test: (etc: string, usr: string, all: string[]) => void): void {
  const directory = Deno.makeTempDirSync();
  try {
    const [etc, usr] = [join(directory, "etc"), join(directory, "usr")];
    Deno.mkdirSync(etc);
    Deno.mkdirSync(usr);
    test(etc, usr, [etc, usr]);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

const write = (directory: string, name: string, text: string) =>
  Deno.writeTextFileSync(join(directory, name), text);

Deno.test("makeRulesReader() reads files in order of their names, including shipped ones", () => {
  withDirectories((etc, usr, all) => {
    write(usr, "zz.json", rulesText("last"));
    write(etc, "00-local.json", rulesText("first"));
    write(etc, "README", "not a file of rules");
    const { files, inForce } = makeRulesReader(all)();
    assertEquals(inForce.map(({ name }) => name), ["00-local.json", ...SHIPPED, "zz.json"]);
    assertEquals(files.every(({ state }) => state === "in-force"), true);
    assertEquals(files[0], {
      name: "00-local.json",
      path: join(etc, "00-local.json"),
      state: "in-force",
      vendor: "first",
      rules: 1,
      errors: [],
    });
  });
});

Deno.test("makeRulesReader() uses the first file of a name, and an empty file or /dev/null masks", () => {
  withDirectories((etc, usr, all) => {
    write(usr, "a.json", rulesText("package"));
    write(etc, "a.json", rulesText("operator"));
    write(etc, "mtty.json", "\n");
    Deno.symlinkSync("/dev/null", join(etc, "qat.json"));
    const { files, inForce } = makeRulesReader(all)();
    assertEquals(inForce[0]!.document.vendor, "operator");
    assertEquals(inForce.some(({ name }) => name === "mtty.json" || name === "qat.json"), false);
    const states = files.filter(({ name }) => ["a.json", "mtty.json", "qat.json"].includes(name))
      .map(({ name, state, path }) => `${name} ${state} ${path === "shipped"}`);
    assertEquals(states, [
      "a.json in-force false",
      "a.json masked false",
      "mtty.json masks false",
      "mtty.json masked true",
      "qat.json masks false",
      "qat.json masked true",
    ]);
  });
});

Deno.test("makeRulesReader() refuses an invalid file as a whole, reports it, and keeps the others in force", () => {
  withDirectories((etc, _, all) => {
    const wrong = [{ name: "one", for: {}, targets: [{ verdict: "yes", sentence: "x" }] }];
    write(etc, "mtty.json", rulesText("wrong", { rules: wrong }));
    write(etc, "bad.json", "{");
    Deno.mkdirSync(join(etc, "folder.json"));
    const state = makeRulesReader(all)();
    const refused = state.files.filter(({ state }) => state === "refused");
    assertEquals(refused.map(({ name }) => name), ["bad.json", "folder.json", "mtty.json"]);
    assertEquals(refused[2]!.errors[0]!.path, "/rules/0/targets/0/verdict");
    // The shipped file stays in force, because the invalid file that would replace it is ignored.
    assertEquals(state.inForce.map(({ name }) => name), SHIPPED);
    const problems = rulesProblems(state);
    assertEquals(problems.map(({ code }) => code), refused.map(() => "rules-refused"));
    assertStringIncludes(problems[2]!.sentence, "/rules/0/targets/0/verdict");
  });
});

Deno.test("makeRulesReader() reads changed files, and returns the same state if nothing has changed", () => {
  withDirectories((etc, _, all) => {
    const read = makeRulesReader(all);
    const before = read();
    assert(read() === before);
    write(etc, "a.json", rulesText("one"));
    const after = read();
    assertEquals(after.inForce.length, before.inForce.length + 1);
    assert(read() === after);
    write(etc, "a.json", rulesText("another"));
    assertEquals(read().inForce[0]!.document.vendor, "another");
    Deno.removeSync(join(etc, "a.json"));
    assertEquals(read().inForce, before.inForce);
  });
});

Deno.test("makeRulesReader() skips missing directories", () => {
  const { files } = makeRulesReader(["/nowhere/rules.d"])();
  assertEquals(files.map(({ name }) => name), SHIPPED);
});
