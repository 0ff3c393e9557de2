import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runCli } from "../../tests/fixtures/run_cli.ts";

/** Runs a test in a directory with the snapshot of a simulated host. */
async function withSnapshot(run: (at: { directory: string; snapshot: string }) => Promise<void>) {
  const directory = Deno.makeTempDirSync({ prefix: "vfio-ask-test-" });
  try {
    const snapshot = join(directory, "host.json");
    Deno.writeTextFileSync(snapshot, (await runCli(["snapshot", "--simulate", "gpu-host"])).out);
    await run({ directory, snapshot });
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

const FORMATS = ["nfd", "placement", "prometheus-textfile"];

Deno.test("export prints the same from a snapshot each time, and from the host itself", async () => {
  await withSnapshot(async ({ snapshot }) => {
    for (const format of FORMATS) {
      const runs = [1, 2].map(() => runCli(["export", format, "--snapshot", snapshot]));
      const [first, second] = await Promise.all(runs);
      assertEquals([first!.code, first!.err], [0, ""], format);
      assertEquals(first, second);
    }
    const { out } = await runCli(["export", "nfd", "--snapshot", snapshot]);
    assertStringIncludes(out, "/vfio-ask.type.nvidia-231.v2.total=8\n");
    assertStringIncludes(out, "/vfio-ask.type.nvidia-231.v2.free=5\n");
    assertEquals((await runCli(["export", "nfd", "--simulate", "gpu-host"])).out, out);
  });
});

Deno.test("export placement prints a document with a provider for each GPU", async () => {
  const { out } = await runCli(["export", "placement", "--simulate", "gpu-host"]);
  const { schema, providers } = JSON.parse(out);
  // deno-lint-ignore no-explicit-any
  const names = providers.map(({ name }: any) => name);
  assertEquals(schema, "vfio-ask/placement/v1");
  for (const name of ["hv-gpu-01_0000:3b:00.0", "hv-gpu-01_0000:af:00.0"]) {
    assertEquals(names.includes(name), true, name);
  }
});

Deno.test("export --output replaces a file in one step, for everybody to read", async () => {
  await withSnapshot(async ({ directory, snapshot }) => {
    const output = join(directory, "vfio-ask.prom");
    Deno.writeTextFileSync(output, "old", { mode: 0o600 });
    const { ino } = Deno.statSync(output);
    const args = ["export", "prometheus-textfile", "--snapshot", snapshot];
    assertEquals(await runCli([...args, "--output", output]), { code: 0, out: "", err: "" });
    assertEquals(Deno.readTextFileSync(output), (await runCli(args)).out);
    const status = Deno.statSync(output);
    assertEquals([status.mode! & 0o777, status.ino === ino], [0o644, false]);
    const names = Array.from(Deno.readDirSync(directory), ({ name }) => name).sort();
    assertEquals(names, ["host.json", "vfio-ask.prom"]);
  });
});

Deno.test("export reports a file that it cannot write, and leaves no other", async () => {
  await withSnapshot(async ({ directory, snapshot }) => {
    const output = join(directory, "missing", "vfio-ask");
    const ran = await runCli(["export", "nfd", "--snapshot", snapshot, "--output", output]);
    assertEquals([ran.code, ran.out], [4, ""]);
    assertStringIncludes(ran.err, `Cannot write ${output}: kernel answered ENOENT`);
    const above = await runCli(["export", "nfd", "--snapshot", snapshot, "--output", directory]);
    assertEquals(above.code, 4);
    assertEquals(Array.from(Deno.readDirSync(directory)).length, 1);
  });
});

Deno.test("export refuses unknown formats, wrong options, and what is no snapshot", async () => {
  await withSnapshot(async ({ directory, snapshot }) => {
    const refused: [argv: string[], text: string][] = [
      [[], "export needs a format"],
      [["yaml"], "Use one of nfd, placement, prometheus-textfile"],
      [["nfd", "placement"], "unknown"],
      [["constructor"], "unknown"],
      [["placement", "--expiry", "60"], "--expiry"],
      [["nfd", "--expiry", "soon"], "--expiry soon"],
      [["nfd", "--snapshot", directory], "Cannot read"],
    ];
    for (const [argv, text] of refused) {
      const { code, out, err } = await runCli(["export", ...argv]);
      assertEquals([code, out], [2, ""], err);
      assertStringIncludes(err, text);
    }
    const file = join(directory, "other.json");
    const document = JSON.parse(Deno.readTextFileSync(snapshot));
    Deno.writeTextFileSync(file, JSON.stringify({ ...document, takenAt: "yesterday" }));
    const expired = ["export", "nfd", "--expiry", "60", "--snapshot", file];
    assertMatch((await runCli(expired)).err, /^vfio-ask: .*yesterday/);
  });
});
