import { assertEquals, assertStringIncludes } from "@std/assert";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import { CONFIG_SCHEMA } from "../documents/mod.ts";

/** Runs config with a file and a drop-in. */
async function runConfig(
  { file, dropIn, args }: { file: unknown; dropIn?: unknown; args: (path: string) => string[] },
) {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/service.json`;
    const write = (path: string, fields: unknown) =>
      Deno.writeTextFile(path, JSON.stringify({ schema: CONFIG_SCHEMA, ...fields as object }));
    await write(path, file);
    await Deno.mkdir(`${folder}/service.d`);
    if (dropIn !== undefined) await write(`${folder}/service.d/10.json`, dropIn);
    const { code, out, err } = await runCli(["config", ...args(path)]);
    return { code, out: out.replaceAll(folder, ""), err: err.replaceAll(folder, "") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("config check accepts a file and its drop-ins", async () => {
  const ran = await runConfig({
    file: { settle: 3 },
    dropIn: { unix: "/run/vfio-ask/ask.sock", listen: "none" },
    args: (path) => ["check", path],
  });
  assertEquals(ran, {
    code: 0,
    out: "/service.json: valid\n/service.d/10.json: valid\n",
    err: "",
  });
});

Deno.test("config check lists the errors of all files with file, field, value and remedy", async () => {
  const { code, out } = await runConfig({
    file: { settle: "soon" },
    dropIn: { Listen: "none" },
    args: (path) => ["check", path],
  });
  assertEquals([code, out.split("\n")], [1, [
    '/service.json: /settle is "soon": expected a number. For example, write "settle": 10.',
    '/service.d/10.json: /Listen is "none": unknown field. Write listen.',
    "",
  ]]);
});

Deno.test("config check finds values that serve refuses, also as JSON", async () => {
  const { code, out } = await runConfig({
    file: {},
    dropIn: { refresh: -1 },
    args: (path) => ["check", path, "--json"],
  });
  assertEquals([code, JSON.parse(out)], [1, {
    schema: "vfio-ask/config-check/v1",
    files: ["/service.json", "/service.d/10.json"],
    errors: [{
      file: "/service.d/10.json",
      pointer: "/refresh",
      value: -1,
      reason: "not a number of seconds",
      remedy: 'For example, use "refresh": 10.',
    }],
  }]);
});

Deno.test("config check refuses a missing file that is named", async () => {
  const { code, out } = await runCli(["config", "check", "/nowhere/config.json"]);
  assertEquals(code, 1);
  assertStringIncludes(out, "/nowhere/config.json: cannot be read: ENOENT");
});

Deno.test("config show lists every setting with its origin", async () => {
  const { code, out, err } = await runConfig({
    file: { settle: 3, preflightCreate: true, rules: ["/a", "/b"] },
    dropIn: { settle: 4 },
    args: (path) => ["show", "--config", path, "--deadline=5", "--json"],
  });
  assertEquals([code, err], [0, ""]);
  const { settings } = JSON.parse(out) as { settings: Record<string, unknown>[] };
  const of = (name: string) => settings.find(({ field }) => field === name);
  assertEquals(["settle", "preflightCreate", "rules", "deadline", "listen"].map(of), [
    { field: "settle", value: 4, file: "/service.d/10.json", origin: "file" },
    { field: "preflightCreate", value: true, file: "/service.json", origin: "file" },
    { field: "rules", value: ["/a", "/b"], file: "/service.json", origin: "file" },
    { field: "deadline", value: 5, origin: "flag", file: null },
    { field: "listen", value: "127.0.0.1:7431", origin: "default", file: null },
  ]);
});

Deno.test("config show prints a table, and refuses what serve would refuse", async () => {
  const args = (path: string) => ["show", "--config", path];
  const { code, out } = await runConfig({ file: { listen: "none", unix: "/run/a" }, args });
  assertEquals(code, 0);
  assertStringIncludes(out.replaceAll(/ +/g, " "), "\nlisten none /service.json\n");
  const wrong = await runConfig({ file: { listen: "none" }, args });
  assertEquals([wrong.code, wrong.out], [2, ""]);
  assertStringIncludes(wrong.err, '/service.json: /listen is "none": without "unix": nothing to');
});

for (const args of [[], ["print"], ["show", "x"], ["check", "a", "b"]]) {
  Deno.test(`config ${args.join(" ")} is refused with a remedy`, async () => {
    const { code, err } = await runCli(["config", ...args]);
    assertEquals(code, 2);
    assertStringIncludes(err, "Use check, check FILE or show.");
  });
}
