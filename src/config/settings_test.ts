import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { CONFIG_SCHEMA, Failure } from "../documents/mod.ts";
import { checkSettings, type Field, readSettings, SETTINGS_FILE } from "./settings.ts";

const FIELDS: readonly Field[] = [
  { name: "listen", type: "text" },
  { name: "settle", type: "number" },
  { name: "preflightCreate", type: "boolean" },
  { name: "rules", type: "list" },
];

/** Runs a test with files below a temporary directory. An object gets its schema. */
function withFiles(
  files: Readonly<Record<string, unknown>>,
  test: (path: string) => void,
): void {
  const directory = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(join(directory, "config.d"));
    for (const [name, document] of Object.entries(files)) {
      const text = typeof document === "string"
        ? document
        : JSON.stringify({ schema: CONFIG_SCHEMA, ...document as object });
      Deno.writeTextFileSync(join(directory, name), text);
    }
    test(join(directory, "config.json"));
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** The values and errors, with files relative to the directory. */
function read(path: string, options = {}) {
  const { values, errors } = readSettings(path, FIELDS, options);
  const relative = (file: string) => file.slice(path.length - "config.json".length);
  return {
    values: Object.fromEntries([...values].map((
      [name, { value, file }],
    ) => [name, [value, relative(file)]])),
    errors: errors.map(({ file, pointer, reason }) => `${relative(file)} ${pointer}: ${reason}`),
  };
}

Deno.test("readSettings() reads drop-ins in order of their names, and the last value counts", () => {
  withFiles({
    "config.json": { listen: "none", settle: 1, rules: ["/a", "/b"] },
    "config.d/20.json": { settle: 3 },
    "config.d/10.json": { settle: 2, preflightCreate: true },
    "config.d/30.json.bak": "{",
  }, (path) => {
    assertEquals(read(path), {
      values: {
        listen: ["none", "config.json"],
        settle: [3, "config.d/20.json"],
        rules: [["/a", "/b"], "config.json"],
        preflightCreate: [true, "config.d/10.json"],
      },
      errors: [],
    });
  });
});

Deno.test("readSettings() resets a field that is null, and ignores fields that begin with x-", () => {
  const files = {
    "config.json": { settle: 1, "x-owner": "storage team" },
    "config.d/a.json": { settle: null },
  };
  withFiles(files, (path) => assertEquals(read(path), { values: {}, errors: [] }));
});

Deno.test("readSettings() needs no default file, but the file that is named", () => {
  assertEquals(readSettings(null, FIELDS).files, []);
  const missing = readSettings("/nowhere/config.json", FIELDS);
  assertEquals(missing.errors.map(({ reason }) => reason), ["cannot be read: ENOENT"]);
  const { errors } = readSettings(SETTINGS_FILE, FIELDS);
  assertEquals(errors.filter(({ reason }) => reason.includes("ENOENT")), []);
});

const WRONG: readonly [name: string, file: unknown, error: string][] = [
  ["an unknown field", { preflightcreate: true }, "/preflightcreate: unknown field"],
  ["a text for a number", { settle: "10" }, "/settle: expected a number"],
  ["a number for a text", { listen: 7431 }, "/listen: expected a text"],
  ["a text for a boolean", { preflightCreate: "yes" }, "/preflightCreate: expected true or false"],
  ["a text for a list", { rules: "/a:/b" }, "/rules: expected a list of texts"],
  ["a number in a list", { rules: [1] }, "/rules: expected a list of texts"],
  ["another schema", { schema: "vfio-ask/facts/v1" }, ': its schema is "vfio-ask/facts/v1", not '],
  ["a newer schema", { schema: "vfio-ask/config/v2" }, ": its schema is vfio-ask/config/v2, but"],
  ["a list", "[]", ": not a JSON object"],
  ["no JSON", "{", ": not JSON: "],
  ["nothing", "", ": not JSON: "],
];

for (const [name, file, error] of WRONG) {
  Deno.test(`readSettings() reports a file with ${name}`, () => {
    withFiles({ "config.json": { settle: 1 }, "config.d/a.json": file }, (path) => {
      const { values, errors: [first, ...more] } = read(path);
      assertEquals(first!.slice(0, `config.d/a.json ${error}`.length), `config.d/a.json ${error}`);
      assertEquals([values, more], [{ settle: [1, "config.json"] }, []]);
    });
  });
}

Deno.test("readSettings() can ignore fields of other programs, but not a wrong value", () => {
  const files = { "config.json": { refresh: 1, settle: "10" } };
  withFiles(files, (path) => {
    const { errors } = read(path, { ignoreOthers: true });
    assertEquals(errors, ["config.json /settle: expected a number"]);
  });
});

Deno.test("checkSettings() names the file, the field, the value and a remedy", () => {
  withFiles({ "config.json": { preflight_create: true, settle: "1" } }, (path) => {
    const settings = readSettings(path, FIELDS);
    const { message, remedy, code } = assertThrows(() => checkSettings(settings), Failure);
    assertEquals([code, message, remedy], [
      "bad-input",
      `${path}: /preflight_create is true: unknown field (and 1 more)`,
      "Write preflightCreate.",
    ]);
  });
  checkSettings(readSettings(null, FIELDS));
});
