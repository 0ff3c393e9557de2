import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertGolden } from "../../tests/fixtures/golden.ts";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import { formatUnit } from "./unit.ts";

/** The path of `systemd-analyze`, or null if the machine has none. */
const ANALYZE = ["/usr/bin/systemd-analyze", "/bin/systemd-analyze"].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}) ?? null;

const execStart = (unit: string) => /^ExecStart=(.*)$/m.exec(unit)?.[1];

Deno.test("formatUnit() matches the golden file", () => {
  assertGolden("unit.txt", formatUnit({ binary: "/usr/local/bin/vfio-ask", args: [] }));
});

Deno.test("formatUnit() quotes what systemd would interpret", () => {
  const args = ["--state", "/srv/my state", "--unix", '/run/a"b$c%d;e\\f.sock'];
  assertEquals(
    execStart(formatUnit({ binary: "/opt/vfio ask", args })),
    '"/opt/vfio ask" serve --state "/srv/my state" --unix "/run/a\\"b$$c%%d;e\\\\f.sock"',
  );
});

Deno.test("unit contains the given options and the binary's absolute path", async () => {
  const options = ["--listen", "127.0.0.1:8000", "--unix", "/run/vfio-ask/ask.sock"];
  const { code, out } = await runCli([
    "unit",
    "--binary",
    "dist/vfio-ask",
    "--probe=each",
    ...options,
  ]);
  assertEquals(code, 0);
  const line = execStart(out)!;
  assertEquals(line.split(" ")[0], `${Deno.cwd()}/dist/vfio-ask`);
  for (const option of [options.slice(0, 2), options.slice(2), ["--probe", "each"]]) {
    assertStringIncludes(line, ` ${option.join("=")}`);
  }
});

Deno.test("unit refuses options that serve would refuse", async () => {
  const wrong = [
    ["--listen", "0.0.0.0:80"],
    ["--settle", "soon"],
    ["--refresh", "never"],
    ["--probe", "some"],
    ["--listen", "none"],
  ];
  for (const options of wrong) {
    const { code, out } = await runCli(["unit", ...options]);
    assertEquals([options.join(" "), code, out], [options.join(" "), 2, ""]);
  }
});

Deno.test({
  name: "unit prints a unit that systemd accepts",
  ignore: ANALYZE === null, // needs systemd-analyze
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "vfio-ask test 100% " });
    try {
      const binary = `${folder}/vfio-ask`;
      await Deno.symlink(Deno.execPath(), binary);
      const options = ["--unix", `${folder}/a $HOME.sock`, "--state", folder];
      const { out } = await runCli(["unit", "--binary", binary, ...options]);
      const path = `${folder}/vfio-ask.service`;
      await Deno.writeTextFile(path, out);
      const { code, stderr } = await new Deno.Command(ANALYZE!, {
        args: ["verify", "--man=no", path],
        stdout: "null",
        stderr: "piped",
      }).output();
      assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
