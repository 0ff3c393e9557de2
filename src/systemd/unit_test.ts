import { assertArrayIncludes, assertEquals, assertStringIncludes } from "@std/assert";
import { assertGolden } from "../../tests/fixtures/golden.ts";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import { formatUnits } from "./unit.ts";

/** The path of `systemd-analyze`, or null if the machine has none. */
const ANALYZE = ["/usr/bin/systemd-analyze", "/bin/systemd-analyze"].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}) ?? null;

const execStart = (unit: string) => /^ExecStart=(.*)$/m.exec(unit)?.[1];

const UNITS = ["vfio-ask.service", "vfio-ask-worker.socket", "vfio-ask-worker@.service"];

Deno.test("formatUnits() matches the golden files", () => {
  const units = formatUnits({ binary: "/usr/local/bin/vfio-ask", args: [] });
  assertEquals(units.map(({ name }) => name), UNITS);
  for (const { name, text } of units) assertGolden(`units/${name}`, text);
});

Deno.test("formatUnits() quotes what systemd would interpret", () => {
  const args = ["--unix", '/run/a"b$c%d;e\\f.sock'];
  const [server] = formatUnits({ binary: "/opt/vfio ask", args });
  const line = execStart(server!.text)!;
  assertEquals(line.startsWith('"/opt/vfio ask" serve '), true);
  assertStringIncludes(line, '"/run/a\\"b$$c%%d;e\\\\f.sock"');
});

Deno.test("unit contains the given options and the binary's absolute path", async () => {
  const options = ["--listen=127.0.0.1:8000", "--unix=/run/vfio-ask/ask.sock"];
  const both = ["--probe=each", "--preflight=idle"];
  const print = async (name: string) => {
    const { code, out } = await runCli([
      ...["unit", name, "--binary", "dist/vfio-ask", "--drivers=mtty"],
      ...[...options, ...both],
    ]);
    assertEquals(code, 0);
    return execStart(out)!.split(" ");
  };
  const server = await print("vfio-ask.service");
  assertEquals(server[0], `${Deno.cwd()}/dist/vfio-ask`);
  for (const option of [...options, ...both]) assertArrayIncludes(server, [option]);
  assertEquals(server.includes("--drivers=mtty"), false);
  const worker = await print("vfio-ask-worker@.service");
  for (const option of [...both, "--drivers=mtty"]) assertArrayIncludes(worker, [option]);
  assertEquals(worker.some((word) => options.includes(word)), false);
});

Deno.test("unit gives the server its token as a credential, and the group of its socket", async () => {
  const print = async (...options: string[]) => {
    const { code, out, err } = await runCli(["unit", "--unix=/run/vfio-ask/ask.sock", ...options]);
    assertEquals(code, 0, err);
    return out;
  };
  const token = await print("--token-file=/etc/vfio-ask/100%");
  assertStringIncludes(token, "\nLoadCredential=token:/etc/vfio-ask/100%%\n");
  assertEquals(execStart(token)!.includes("--token-file"), false);
  const group = await print("--group=libvirt");
  assertStringIncludes(group, "\nSupplementaryGroups=libvirt\n");
  assertStringIncludes(group, "\nSystemCallFilter=@chown\n");
  assertStringIncludes(execStart(group)!, "--group=libvirt");
  // The server's own group needs no further right.
  for (const unit of [token, await print("--group=vfio-ask")]) {
    assertEquals(/SupplementaryGroups|@chown/.test(unit), false);
  }
});

Deno.test("unit refuses options that serve would refuse, and unknown units", async () => {
  const wrong = [
    ["--listen", "0.0.0.0:80"],
    ["--settle", "soon"],
    ["--refresh", "never"],
    ["--probe", "some"],
    ["--listen", "none"],
    ["--unix", "/run/a", "--group", "a b"],
    ["other.service"],
  ];
  for (const options of wrong) {
    const { code, out } = await runCli(["unit", ...options]);
    assertEquals([options.join(" "), code, out], [options.join(" "), 2, ""]);
  }
});

/** Writes the units into a folder with a program in place of the binary, and calls `check`. */
async function withUnits(check: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vfio-ask test 100% " });
  try {
    const binary = `${folder}/vfio-ask`;
    await Deno.symlink(Deno.execPath(), binary);
    for (const name of UNITS) {
      const options = ["--unix", `${folder}/a $HOME.sock`, "--binary", binary];
      const { out } = await runCli(["unit", name, ...options]);
      await Deno.writeTextFile(`${folder}/${name}`, out);
    }
    await check(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "unit prints units that systemd accepts",
  ignore: ANALYZE === null, // needs systemd-analyze
  fn: () =>
    withUnits(async (folder) => {
      const { code, stderr } = await new Deno.Command(ANALYZE!, {
        args: ["verify", "--man=no", ...UNITS.map((name) => `${folder}/${name}`)],
        stdout: "null",
        stderr: "piped",
      }).output();
      assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    }),
});

Deno.test({
  name: "systemd-analyze security gives the server at most 1.3, and the worker at most 2.5",
  ignore: ANALYZE === null, // needs systemd-analyze
  fn: () =>
    withUnits(async (folder) => {
      for (const [name, most] of [["vfio-ask.service", 13], ["vfio-ask-worker@.service", 25]]) {
        const { code, stdout } = await new Deno.Command(ANALYZE!, {
          args: ["security", "--offline=yes", `--threshold=${most}`, `${folder}/${name}`],
        }).output();
        assertEquals([name, code], [name, 0], new TextDecoder().decode(stdout));
      }
    }),
});
