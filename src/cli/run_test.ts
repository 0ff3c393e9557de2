import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertGolden } from "../../tests/fixtures/golden.ts";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import { SHOWN } from "./commands.ts";

const NAMES = SHOWN.map(({ name }) => name);

Deno.test("vfio-ask prints help without a command, and for --help, -h and help", async () => {
  const { code, out, err } = await runCli([]);
  assertEquals([code, err], [0, ""]);
  for (const argv of [["help"], ["--help"], ["-h"]]) assertEquals((await runCli(argv)).out, out);
  for (const { name, summary } of SHOWN) assertMatch(out, new RegExp(`${name} +${summary}`));
});

Deno.test("help of each command names its arguments and all its options", async () => {
  for (const { name, args = "", options } of await Promise.all(SHOWN.map(({ load }) => load()))) {
    const { code, out } = await runCli(["help", name]);
    assertEquals(code, 0);
    assertStringIncludes(out, `Usage: vfio-ask ${name} `);
    assertStringIncludes(out, args);
    for (const option of options) assertStringIncludes(out, `--${option.name}`);
    assertEquals((await runCli([name, "--help"])).out, out);
    assertEquals((await runCli([name, "-h"])).out, out);
    assertEquals((await runCli(["--help", name])).out, out);
  }
});

Deno.test("help fits in 100 columns and is as recorded", async () => {
  const texts = [];
  for (const argv of [["help"], ...NAMES.map((name) => ["help", name])]) {
    texts.push(`$ vfio-ask ${argv.join(" ")}\n${(await runCli(argv)).out}`);
  }
  assertEquals(texts.join("\n").split("\n").filter(({ length }) => length > 100), []);
  assertGolden("help.txt", texts.join("\n"));
});

/** Invalid command lines, and what the error must name: the option or command, the value, the remedy. */
const WRONG: readonly (readonly [argv: readonly string[], ...words: string[]])[] = [
  [["bogus"], "bogus", "vfio-ask help"],
  [["help", "bogus"], "bogus", "vfio-ask help"],
  [["devices", "--bogus"], "--bogus", "vfio-ask help devices"],
  [["devices", "--bogus=1"], "--bogus", "vfio-ask help devices"],
  [["devices", "-x"], "-x", "vfio-ask help devices"],
  [["devices", "--probe", "some"], "--probe some", "representative, each, never"],
  [["devices", "--probe"], "--probe", "Use --probe MODE"],
  [["devices", "--probe="], "--probe", "Use --probe MODE"],
  [["devices", "--simulate", "moon"], "--simulate moon", "gpu-host"],
  [["devices", "--simulate", "gpu-host", "--settle", "soon"], "--settle soon", "--settle 10"],
  [["devices", "--simulate", "gpu-host", "--settle=-1"], "--settle -1", "--settle 10"],
  [["devices", "--simulate", "gpu-host", "--deadline", "1e9"], "--deadline 1e9", "--deadline 10"],
  [["devices", "--simulate", "gpu-host", "--deadline", " "], "--deadline", "--deadline 10"],
  [["ask"], "ask needs an IDENTITY.json or a DEVICE", "Name a file"],
  [["identity"], "identity needs one", "vfio-ask devices"],
  [["identity", "x", "--backend", "vfio"], "--backend vfio", "iommufd, container"],
  [["identity", "x", "--qemu-version", "new"], "--qemu-version new", "10.0.2"],
  [["probe"], "probe needs", "vfio-ask devices"],
  [["probe", "x", "--path", "pipe"], "--path pipe", "any, cdev, group"],
  [["completions"], "completions needs a supported shell", "bash, fish or zsh"],
  [["completions", "tcsh"], "tcsh", "bash, fish or zsh"],
  [["serve", "now"], "serve takes no argument", "options"],
  [["serve", "--listen", "0.0.0.0:80"], "--listen 0.0.0.0:80", "127.0.0.1:7431"],
  [["serve", "--listen", "127.0.0.1:65536"], "--listen 127.0.0.1:65536", "127.0.0.1:7431"],
  [["serve", "--listen", "example.org:80"], "--listen example.org:80", "127.0.0.1:7431"],
  [["serve", "--listen", "none"], "--listen none", "--unix PATH"],
];

for (const [argv, ...words] of WRONG) {
  Deno.test(`vfio-ask ${argv.join(" ")} is refused with a remedy`, async () => {
    const { code, out, err } = await runCli(argv);
    assertEquals([code, out], [2, ""]);
    assert(err.startsWith("vfio-ask: ") && err.endsWith("\n"), err);
    for (const word of words) assertStringIncludes(err, word);
  });
}

const WITHOUT_ARGUMENTS = ["devices", "types", "version"];

for (const name of WITHOUT_ARGUMENTS) {
  Deno.test(`vfio-ask ${name} refuses an argument`, async () => {
    const simulate = ["devices", "types"].includes(name) ? ["--simulate", "gpu-host"] : [];
    const { code, err } = await runCli([name, ...simulate, "surplus"]);
    assertEquals(code, 2);
    assertStringIncludes(err, `${name} takes no argument`);
  });
}

Deno.test("version prints the version, also as JSON", async () => {
  const { out } = await runCli(["version"]);
  assertMatch(out, /^vfio-ask 1\.2\.3 \(Deno /);
  assertEquals((await runCli(["--version"])).out, out);
  assertEquals(JSON.parse((await runCli(["version", "--json"])).out).version, "1.2.3");
});
