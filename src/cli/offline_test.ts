import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { withFiles } from "../../tests/fixtures/files.ts";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import { mttyIdentity, unmigratableIdentity } from "../../tests/fixtures/identity.ts";
import { mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";

const HERE = ["--simulate", "mixed"];

Deno.test("ask --snapshot gives the answer of the host, except for preflights", async () => {
  const id = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";
  const identity = (await runCli(["identity", id, ...HERE])).out;
  const host = (await runCli(["snapshot", ...HERE])).out;
  await withFiles({ identity, host }, async (path) => {
    const live = await runCli(["ask", "--json", path("identity"), ...HERE]);
    const there = ["--snapshot", path("host"), "--details"];
    const offline = await runCli(["ask", "--json", path("identity"), ...there]);
    assertEquals([live.code, offline.code], [3, 3]);
    const [a, b] = [JSON.parse(live.out), JSON.parse(offline.out).hosts[0].answer];
    assertEquals([a.preflight, b.preflight], ["not-asked", "offline"]);
    // The second simulated host has another folder and another time.
    const same = (answer: Record<string, unknown>) => {
      const { preflight: _, takenAt: __, problems: ___, ...rest } = answer;
      return JSON.parse(JSON.stringify(rest).replace(/vfio-ask-[0-9a-f]+/g, "X"));
    };
    assertEquals(same(b), same(a));
    assert(a.offers.length > 0);
    const told = await runCli(["ask", path("identity"), "--snapshot", path("host")]);
    assertStringIncludes(told.out, "no preflight");
  });
});

Deno.test("ask of several sources prints a plan first, or the blocking sources", async () => {
  const [a, b] = ["a", "b"].map((id) => mttyIdentity({ id }));
  const host = mttySnapshot();
  const full = mttySnapshot({ types: [] });
  await withFiles({ host, full, a, b, cannot: unmigratableIdentity() }, async (path) => {
    const fits = await runCli(["ask", "--snapshot", path("host"), path("a"), path("b")]);
    assertEquals([fits.code, fits.err], [0, ""]);
    assertStringIncludes(fits.out, "All 2 devices can migrate to this host together:");
    const lacks = await runCli(["ask", "--snapshot", path("full"), path("a"), path("b")]);
    assertEquals(lacks.code, 1);
    assertStringIncludes(
      lacks.out,
      "These 2 devices cannot migrate to this host together. Blocked by:",
    );
    assertStringIncludes(lacks.out, "NotEnoughInstances");
    const cannot = await runCli(["ask", "--snapshot", path("host"), path("a"), path("cannot")]);
    assertEquals(cannot.code, 1);
    const many = Array.from({ length: 17 }, () => path("a"));
    const { code, err } = await runCli(["ask", "--snapshot", path("host"), ...many]);
    assertEquals(code, 2);
    assertStringIncludes(err, "at most 16 sources, not 17");
    const twice = await runCli(["ask", "--snapshot", path("host"), path("a"), path("a")]);
    assertEquals(twice.code, 2);
    assertStringIncludes(twice.err, "a: named twice");
    const plans = ["ask", "--snapshot", path("host"), path("a"), path("b"), "--plans"];
    assertStringIncludes(
      (await runCli([...plans, "3"])).out,
      "plan 2  compatible: a to new mtty-2",
    );
    assertEquals((await runCli([...plans, "11"])).code, 2);
  });
});

Deno.test("ask --no-unknown omits unknown offers and prints their number", async () => {
  const unknown = { ...mttyIdentity(), version: "A" };
  const path = "/sys/x";
  const types = [mttyType({ version: { path, version: "B", errno: null } })];
  await withFiles({ host: mttySnapshot({ devices: [], types }), unknown }, async (path) => {
    const ask = ["ask", "--snapshot", path("host"), path("unknown")];
    assertEquals((await runCli(ask)).code, 3);
    const { code, out } = await runCli([...ask, "--no-unknown"]);
    assertEquals(code, 1);
    assertStringIncludes(out, "1 with an unknown verdict omitted");
  });
});

Deno.test("ask --numa-node prefers the node among equal offers", async () => {
  const types = [0, 1].map((numaNode) => mttyType({ parent: `mtty${numaNode}`, numaNode }));
  await withFiles(
    { host: mttySnapshot({ devices: [], types }), source: mttyIdentity() },
    async (path) => {
      for (const node of ["0", "1"]) {
        const args = ["--snapshot", path("host"), path("source"), "--json", "--numa-node", node];
        const { hosts: [host] } = JSON.parse((await runCli(["ask", ...args])).out);
        assertEquals(host.best.placements[0].configuration.parent, `mtty${node}`);
      }
      const wrong = await runCli([
        "ask",
        "--snapshot",
        path("host"),
        path("source"),
        "--numa-node",
        "x",
      ]);
      assertEquals(wrong.code, 2);
      assertStringIncludes(wrong.err, "--numa-node x: not a whole number");
    },
  );
});

Deno.test("a document of a newer schema is refused with the supported version", async () => {
  const host = mttySnapshot();
  const newer = { ...host, schema: "vfio-ask/snapshot/v3" };
  const source = mttyIdentity();
  const newerSource = { ...source, schema: "vfio-ask/identity/v2" };
  await withFiles({ host, newer, source, newerSource, none: "{}" }, async (path) => {
    for (
      const [host, identity, needed] of [
        ["newer", "source", "vfio-ask/snapshot/v3"],
        ["host", "newerSource", "vfio-ask/identity/v2"],
        ["none", "source", "vfio-ask/snapshot/v1"],
        ["source", "source", "vfio-ask/snapshot/v1"],
      ]
    ) {
      const { code, err } = await runCli(["ask", "--snapshot", path(host!), path(identity!)]);
      assertEquals(code, 2);
      assertStringIncludes(err, needed!);
    }
  });
});

Deno.test("ask --snapshot refuses options that need the host itself", async () => {
  await withFiles({ host: mttySnapshot(), source: mttyIdentity() }, async (path) => {
    const asked = ["ask", "--snapshot", path("host")];
    const tests = await runCli([...asked, path("source"), "--preflight"]);
    assertEquals(tests.code, 2);
    assertStringIncludes(tests.err, "a snapshot has no driver to test");
    const device = await runCli([...asked, "0000:41:00.1"]);
    assertEquals(device.code, 2);
    assertStringIncludes(device.err, "with --snapshot, the source must be a file");
    const missing = await runCli(["ask", "--snapshot", "/nowhere/host.json", path("source")]);
    assertEquals(missing.code, 2);
    assertStringIncludes(missing.err, "Cannot read /nowhere/host.json");
  });
});

Deno.test("supported exits with 1 if the host cannot be a target", async () => {
  const nothing = mttySnapshot({ devices: [], types: [] });
  await withFiles({ host: mttySnapshot(), nothing }, async (path) => {
    const some = await runCli(["supported", "--snapshot", path("host")]);
    assertEquals(some.code, 0);
    assertStringIncludes(some.out, "mtty-2");
    const none = await runCli(["supported", "--snapshot", path("nothing")]);
    assertEquals(none.code, 1);
    assertStringIncludes(none.out, "No supported source type found.");
  });
});

Deno.test("rules check prints the errors of each file, and exits with 1", async () => {
  const good = { schema: "vfio-ask/rules/v1", vendor: "v", rules: [] };
  const bad = { ...good, rules: [{ name: "x", for: {}, targets: [] }] };
  await withFiles({ good, bad }, async (path) => {
    const fine = await runCli(["rules", "check", path("good")]);
    assertEquals([fine.code, fine.out], [0, `${path("good")}: 0 rule(s)\n`]);
    const wrong = await runCli(["rules", "check", path("good"), path("bad")]);
    assertEquals(wrong.code, 1);
    assertStringIncludes(wrong.out, `${path("bad")}: /rules/0/targets: `);
    const json = JSON.parse((await runCli(["rules", "check", path("bad"), "--json"])).out);
    assertEquals(json.files[0].state, "refused");
    assertEquals((await runCli(["rules", "check"])).code, 2);
    assertEquals((await runCli(["rules", "check", "/nowhere.json"])).code, 1);
  });
});

Deno.test("rules lists the files of --rules, and shows an active one", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(join(directory, "mtty.json"), "");
    const { out, code } = await runCli(["rules", "--rules", directory]);
    assertEquals(code, 0);
    assertStringIncludes(out, "mtty.json         masks");
    const shown = await runCli(["rules", "show", "qat.json", "--rules", directory]);
    assertEquals(JSON.parse(shown.out).vendor, "qat_vfio_pci");
    assertEquals((await runCli(["rules", "show", "mtty.json", "--rules", directory])).code, 2);
    assertEquals((await runCli(["rules", "frob"])).code, 2);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("an operator's rule changes the answer of this host", async () => {
  const directory = Deno.makeTempDirSync();
  const targets = [{ verdict: "incompatible", sentence: "not while we test", code: "KeptBack" }];
  const rules = [{ name: "no mtty", for: { driver: "mtty" }, targets }];
  const document = { schema: "vfio-ask/rules/v1", vendor: "operator", rules };
  const id = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";
  try {
    Deno.writeTextFileSync(join(directory, "00-local.json"), JSON.stringify(document));
    const { out, code } = await runCli(["ask", id, ...HERE, "--rules", directory]);
    assertEquals(code, 1);
    assertStringIncludes(out, "operator: not while we test");
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("ask and supported ignore and report invalid rules of a snapshot", async () => {
  const { rules } = mttySnapshot();
  const bad = structuredClone(rules[0]!);
  bad.document.rules[0]!.targets[0]!.require = [{ fact: "firmware", op: "in" }];
  const host = mttySnapshot({ rules: [{ ...bad, name: "00-bad.json" }, ...rules] });
  await withFiles({ host, source: mttyIdentity() }, async (path) => {
    const asked = await runCli(["ask", "--json", "--snapshot", path("host"), path("source")]);
    assertEquals(asked.code, 0, "the other rules count");
    assertStringIncludes(asked.err, "Cannot use the rules 00-bad.json of the snapshot");
    assertStringIncludes(asked.err, "/require/0/values: in needs values");
    const { problems } = JSON.parse(asked.out);
    assertEquals(problems.map(({ code }: { code: string }) => code), ["rules-refused"]);
    const supported = await runCli(["supported", "--snapshot", path("host")]);
    assertEquals(supported.code, 0);
    assertStringIncludes(supported.err, "00-bad.json");
  });
});
