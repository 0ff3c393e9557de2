import { assertEquals, assertThrows } from "@std/assert";
import { CONFIG_SCHEMA, Failure } from "../documents/mod.ts";
import { parse } from "./run.ts";
import { preflightPolicy } from "./options.ts";
import { command, FILE_OPTIONS, serveOptions } from "./serve.ts";
import { configure, fieldOf } from "./settings.ts";

/** The options of serve with a configuration file. */
function serveWith(fields: unknown, ...argv: string[]) {
  const path = Deno.makeTempFileSync({ suffix: ".json" });
  try {
    Deno.writeTextFileSync(path, JSON.stringify({ schema: CONFIG_SCHEMA, ...fields as object }));
    const parsed = parse({ name: "serve", summary: "", ...command }, ["--config", path, ...argv]);
    return configure(parsed, FILE_OPTIONS, serveOptions);
  } catch (error) {
    if (error instanceof Failure) error.message = error.message.replaceAll(path, "FILE");
    throw error;
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("fieldOf() makes a field of every option of serve, and no two are the same", () => {
  const names = FILE_OPTIONS.map((option) => fieldOf(option).name);
  assertEquals(new Set(names).size, names.length);
  assertEquals(names.filter((name) => !/^[a-z][A-Za-z]*$/.test(name)), []);
});

Deno.test("configure() uses the file where the command line has no option", () => {
  const file = {
    listen: "127.0.0.1:8000",
    settle: 3,
    preflight: "never",
    preflightControls: false,
    preflightCreate: true,
    rules: ["/srv/rules", "/srv/more"],
    drivers: ["mtty", "mdpy"],
  };
  const { value, parsed } = serveWith(file, "--settle", "4", "--preflight=idle");
  assertEquals(value.tcp, { hostname: "127.0.0.1", port: 8000 });
  assertEquals(value.looking.settleMs, 4000);
  const { mode, controls, create } = value.policy;
  assertEquals([mode, controls, create], ["idle", false, true]);
  assertEquals(parsed.options.rules, "/srv/rules:/srv/more");
  assertEquals(parsed.options.drivers, "mtty,mdpy");
});

Deno.test("configure() lets the command line take back a switch", () => {
  const { value } = serveWith({ preflightCreate: true }, "--preflight-create=false");
  assertEquals(value.policy.create, false);
});

/** A file, and the message and remedy for it. */
const WRONG: readonly [file: unknown, message: string, remedy: string][] = [
  [
    { settle: -1 },
    "FILE: /settle is -1: not a number of seconds",
    'For example, use "settle": 10.',
  ],
  [
    { listen: "0.0.0.0:80" },
    'FILE: /listen is "0.0.0.0:80": not a loopback address with a port',
    'Use "listen": "127.0.0.1:7431" or "listen": "none". Other hosts cannot be served.',
  ],
  [
    { listen: "none" },
    'FILE: /listen is "none": without "unix": nothing to listen on',
    'Use "unix" PATH.',
  ],
  [
    { preflight: "all" },
    'FILE: /preflight is "all": unknown mode',
    "Use one of never, mdev, idle, load.",
  ],
  [{ state: "" }, 'FILE: /state is "": needs a value', 'Use "state" DIR.'],
  [
    { rules: ["/a:/b"] },
    'FILE: /rules is ["/a:/b"]: /a:/b contains ":"',
    'Use names without ":".',
  ],
];

for (const [file, message, remedy] of WRONG) {
  Deno.test(`configure() refuses ${JSON.stringify(file)} with file, field, value and remedy`, () => {
    const failure = assertThrows(() => serveWith(file), Failure);
    assertEquals([failure.message, failure.remedy], [message, remedy]);
  });
}

Deno.test("configure() blames the command line for its own options", () => {
  const { message } = assertThrows(() => serveWith({ settle: 10 }, "--settle", "x"), Failure);
  assertEquals(message, "--settle x: not a number of seconds");
});

Deno.test("configure() gives another program the fields that it uses", () => {
  const parsed = { args: [], options: { config: "none" } };
  const { value } = configure(parsed, FILE_OPTIONS, preflightPolicy, { ignoreOthers: true });
  assertEquals([value.mode, value.create], ["mdev", false]);
});
