import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { withFiles } from "../../tests/fixtures/files.ts";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import { mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";
import { Answer, type Snapshot } from "../documents/mod.ts";

/** A host with an idle device that can accept the source, with changes. */
function host(name: string, change: Partial<Snapshot> = {}): Snapshot {
  return mttySnapshot({ host: { name, kernel: "6.12.57", bootId: null }, ...change });
}

const NOTHING = { devices: [], types: [] };
/** A host without rules for the source, so that the verdict is unknown. */
const UNRULED = { rules: [] };

/** Runs a test with a folder of snapshots and a file with a source. */
function withHosts(
  snapshots: Readonly<Record<string, unknown>>,
  test: (folder: string, source: string) => Promise<void>,
): Promise<void> {
  return withFiles(
    snapshots,
    (path) =>
      withFiles({ source: mttyIdentity() }, (other) => test(dirname(path("any")), other("source"))),
  );
}

Deno.test("ask --snapshot prints a table of hosts, best first, and exits with the best verdict", async () => {
  const hosts = { a: host("hv-a", NOTHING), b: host("hv-b", UNRULED), c: host("hv-c") };
  await withHosts(hosts, async (folder, source) => {
    const { out, code } = await runCli(["ask", "--snapshot", folder, source]);
    const lines = out.split("\n");
    assertEquals(code, 0);
    assertStringIncludes(lines[0]!, mttyIdentity().id);
    assertEquals(lines[1], "hosts   3 asked: 1 compatible, 1 unknown, 1 incompatible");
    assertEquals(lines.slice(3, 7).map((line) => line.split(/ {2,}/)), [
      ["HOST", "VERDICT", "EVIDENCE", "BEST OFFER", "AVAILABLE", "REASONS"],
      [
        "hv-c",
        "compatible",
        "vendor-rule",
        "device 83b8f4f2-509f-4c1a-9b0e-6d2c7a41e0a1",
        "now",
        "-",
      ],
      [
        "hv-b",
        "unknown",
        "-",
        "device 83b8f4f2-509f-4c1a-9b0e-6d2c7a41e0a1",
        "now",
        "NobodyCompares",
      ],
      ["hv-a", "incompatible", "-", "-", "-", "TypeNotOnHost"],
    ]);
    const each = ["a", "b"].flatMap((name) => ["--snapshot", join(folder, `${name}.json`)]);
    assertEquals((await runCli(["ask", ...each, source])).code, 3);
  });
});

Deno.test("ask --snapshot --order=available lists hosts first that can accept the source now", async () => {
  const taken = { devices: [], types: [mttyType({ availableInstances: 0 })] };
  await withHosts({ a: host("hv-a", taken), b: host("hv-b") }, async (folder, source) => {
    const { out } = await runCli([
      "ask",
      "--snapshot",
      folder,
      source,
      "--order=available",
      "--json",
    ]);
    const names = JSON.parse(out).hosts.map(({ host }: { host: { name: string } }) => host.name);
    assertEquals(names, ["hv-b", "hv-a"]);
  });
});

Deno.test("ask --snapshot --json prints the same kind of document for one host and for many", async () => {
  await withHosts({ a: host("hv-a"), b: host("hv-b", NOTHING) }, async (folder, source) => {
    const documents = [];
    for (const path of [folder, join(folder, "a.json")]) {
      const { out, err } = await runCli(["ask", "--snapshot", path, source, "--json"]);
      assertEquals(err, "");
      documents.push(JSON.parse(out));
    }
    const [many, one] = documents;
    assertEquals(Object.keys(one), Object.keys(many));
    assertEquals([one.schema, one.verdict], ["vfio-ask/hosts/v1", "compatible"]);
    assertEquals(one.hosts, many.hosts.slice(0, 1));
    assertEquals(many.hosts[1].reasons[0].code, "TypeNotOnHost");
    assertEquals(many.hosts.map((entry: object) => "answer" in entry), [false, false]);
  });
});

Deno.test("ask --snapshot --details and --host print full answers, as over HTTP", async () => {
  await withHosts({ a: host("hv-a"), b: host("hv-b", NOTHING) }, async (folder, source) => {
    const ask = (...options: string[]) => runCli(["ask", "--snapshot", folder, source, ...options]);
    const { hosts } = JSON.parse((await ask("--json", "--details")).out);
    const answers = hosts.map(({ answer }: { answer: unknown }) => Answer.parse(answer));
    assertEquals(answers.map(({ host }: Answer) => host.name), ["hv-a", "hv-b"]);
    const one = JSON.parse((await ask("--json", "--host", "hv-b")).out);
    assertEquals([one.verdict, one.hosts.length], ["incompatible", 1]);
    assertEquals(Answer.parse(one.hosts[0].answer).reasons[0]!.code, "TypeNotOnHost");
    const text = await ask("--host", "hv-b");
    assertEquals(text.code, 1);
    assertStringIncludes(text.out, "No configuration of this host is compatible.");
    assert(!text.out.includes("hv-a"), text.out);
    assertStringIncludes((await ask("--explain")).out, "cannot accept it");
    const nobody = await ask("--host", "hv-z");
    assertEquals(nobody.code, 2);
    assertStringIncludes(nobody.err, "--host hv-z: no snapshot of this host");
  });
});

Deno.test("ask --snapshot exits with 2 if a snapshot cannot be read, and the other hosts answer", async () => {
  const wrong = JSON.parse(JSON.stringify(host("hv-b")));
  wrong.devices[0].migration.stopCopyBytes = "much";
  await withHosts({ a: host("hv-a"), b: wrong, c: "{" }, async (folder, source) => {
    const { out, err, code } = await runCli(["ask", "--snapshot", folder, source, "--json"]);
    assertEquals(code, 2);
    const { hosts, problems, verdict } = JSON.parse(out);
    assertEquals([hosts.length, verdict], [1, "compatible"]);
    const file = join(folder, "b.json");
    assertEquals([problems[0].subject, problems[0].pointer, problems[0].value], [
      file,
      "/devices/0/migration/stopCopyBytes",
      "much",
    ]);
    assertStringIncludes(
      err,
      `Cannot read the snapshot in ${file}: /devices/0/migration/stopCopyBytes is "much": expected number, ` +
        "received string. Give a document of schema vfio-ask/snapshot/v1",
    );
    assertStringIncludes(err, `Cannot read the snapshot in ${join(folder, "c.json")}: `);
    const { out: text } = await runCli(["ask", "--snapshot", folder, source]);
    assertStringIncludes(
      text,
      "1 asked: 1 compatible, 0 unknown, 0 incompatible; 2 cannot be read",
    );
  });
});

Deno.test("ask --snapshot reports a snapshot that is nested too deeply", async () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const text = JSON.stringify({ ...host("hv-b"), rules: [] }).replace(
    '"rules":[]',
    `"rules":${deep}`,
  );
  await withHosts({ a: host("hv-a"), b: text }, async (folder, source) => {
    const { out, code } = await runCli(["ask", "--snapshot", folder, source, "--json"]);
    const { hosts, problems } = JSON.parse(out);
    assertEquals([code, hosts.length], [0, 2], "rules that cannot be used are left out");
    assertEquals(problems.map(({ code }: { code: string }) => code), ["rules-refused"]);
  });
});

Deno.test("ask --snapshot adds the file name to hosts with the same name", async () => {
  await withHosts({ old: host("hv-a"), new: host("hv-a", NOTHING) }, async (folder, source) => {
    const { out } = await runCli(["ask", "--snapshot", folder, source]);
    assertStringIncludes(out, `hv-a (${join(folder, "old.json")})`);
    assertStringIncludes(out, `hv-a (${join(folder, "new.json")})`);
  });
});

Deno.test("ask --snapshot accepts a folder with other files, but refuses one without a snapshot", async () => {
  await withHosts({ a: host("hv-a") }, async (folder, source) => {
    Deno.writeTextFileSync(join(folder, "README"), "no snapshot");
    assertEquals((await runCli(["ask", "--snapshot", folder, source])).code, 0);
    const empty = join(folder, "empty");
    Deno.mkdirSync(empty);
    const none = await runCli(["ask", "--snapshot", empty, source]);
    assertEquals(none.code, 2);
    assertStringIncludes(none.err, `Cannot find a snapshot in ${empty}`);
  });
});

Deno.test("ask --snapshot of several sources finds the hosts that can accept all of them", async () => {
  const full = { devices: [], types: [mttyType({ availableInstances: 1 })] };
  const sources = { x: mttyIdentity({ id: "x" }), y: mttyIdentity({ id: "y" }) };
  await withHosts({ a: host("hv-a", full), b: host("hv-b") }, async (folder) => {
    await withFiles(sources, async (path) => {
      const ask = ["ask", "--snapshot", folder, path("x"), path("y")];
      const { hosts } = JSON.parse((await runCli([...ask, "--json"])).out);
      assertEquals(hosts.map(({ verdict }: { verdict: string }) => verdict), [
        "compatible",
        "incompatible",
      ]);
      const [best] = hosts;
      assertEquals(best.best.placements.map(({ source }: { source: string }) => source), [
        "x",
        "y",
      ]);
      const { out } = await runCli(ask);
      assertStringIncludes(out, "all 2");
    });
  });
});

Deno.test("ask --host and --details without --snapshot are refused", async () => {
  for (const option of [["--host", "hv-a"], ["--details"]]) {
    const { code, err } = await runCli(["ask", "--simulate", "mixed", "-", ...option]);
    assertEquals(code, 2);
    assertStringIncludes(err, "need --snapshot");
  }
});
