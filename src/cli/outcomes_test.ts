import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type Ran, runCli } from "../../tests/fixtures/run_cli.ts";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import type { Answer, Identity, Outcome, Outcomes } from "../documents/mod.ts";
import { ledgerPath } from "../ledger/mod.ts";

const HOST = ["--simulate", "mixed"];

interface Trial {
  folder: string;
  /** A source with all that counts, on another host. */
  source: string;
  run: (...argv: string[]) => Promise<Ran>;
  write: (name: string, document: unknown) => string;
}

/** Runs commands on a simulated host with QEMU, with one state directory. */
async function withHost(test: (trial: Trial) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  const state = join(folder, "state");
  const run: Trial["run"] = (command, ...argv) =>
    runCli([command!, ...HOST, "--state", state, ...argv], (world) => ({
      ...world,
      readSoftware: () => Promise.resolve({ qemu: "10.0.3", libvirt: null }),
    }));
  const write: Trial["write"] = (name, document) => {
    const path = join(folder, name);
    Deno.writeTextFileSync(path, JSON.stringify(document));
    return path;
  };
  try {
    const { devices } = JSON.parse((await run("devices", "--json")).out);
    const mtty = devices.find(({ type, use }: { type: string; use: { state: string } }) =>
      type === "mtty-2" && use.state === "idle"
    );
    target = mtty.id;
    const vmm =
      "--qemu-version 10.0.2 --machine-type pc-q35-10.0 --pci-bus port --enable-migration on";
    const described = await run("identity", mtty.id, ...vmm.split(" "));
    const identity: Identity = JSON.parse(described.out);
    const host = { ...identity.host, name: "hv-elsewhere", bootId: "another" };
    const source = write("source.json", { ...identity, id: "the-source", host });
    await test({ folder, source, run, write });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** An idle mtty-2 of the simulated host. */
let target = "";

async function offerOf(run: Trial["run"], source: string) {
  const { out, code } = await run("ask", source, "--json");
  const { offers } = JSON.parse(out) as Answer;
  const offer = offers.find(({ configuration }) => configuration.id === target)!;
  return { code, verdict: offer.verdict, evidence: offer.evidence };
}

Deno.test("vfio-ask outcome records a migration, and ask takes it into account", async () => {
  await withHost(async ({ run, source }) => {
    assertEquals(await offerOf(run, source), {
      code: 0,
      verdict: "compatible",
      evidence: "vendor-rule",
    });
    const recorded = await run(
      "outcome",
      "ok",
      "--source",
      source,
      "--target",
      target,
      "--vm",
      "web-1",
    );
    assertEquals([recorded.code, recorded.err.includes("outcome")], [0, false]);
    assertEquals(
      recorded.out,
      `recorded: the-source of hv-elsewhere to ${target} of lab-01: ok; ` +
        "this host says compatible (vendor-rule)\n",
    );
    assertEquals(await offerOf(run, source), {
      code: 0,
      verdict: "compatible",
      evidence: "migrated-before",
    });
    const { out } = await run("ask", source);
    assertStringIncludes(out, "migrated-before");
    const explained = await run("ask", source, "--explain");
    assertStringIncludes(explained.out, "1 of 1 migrations between these builds succeeded");

    const message = "operation failed: load of migration failed: Bad address";
    const failed = await run(
      ...[
        "outcome",
        "failed",
        "--source",
        source,
        "--target",
        target,
        "--message",
        message,
        "--json",
      ],
    );
    const outcome: Outcome = JSON.parse(failed.out);
    assertEquals([failed.code, outcome.cause, outcome.message], [0, "device", message]);
    assertEquals(outcome.predicted, { verdict: "compatible", evidence: "migrated-before" });
    assertEquals(await offerOf(run, source), { code: 3, verdict: "unknown", evidence: null });
  });
});

Deno.test("vfio-ask outcomes lists, calibrates, exports and imports", async () => {
  await withHost(async ({ run, source, folder, write }) => {
    assertEquals((await run("outcomes")).out, "no outcomes\n");
    assertEquals((await run("outcomes", "--calibration")).out, "no predictions with an outcome\n");
    await run("outcome", "ok", "--source", source, "--target", target, "--vm", "web-1");
    await run("outcome", "ok", "--source", source, "--target", target);
    await run("outcome", "failed", "--source", source, "--target", target, "--cause", "other");
    const { out } = await run("outcomes");
    const lines = out.trimEnd().split("\n").map((line) => line.split(/ {2,}/));
    assertEquals(lines[0], ["TIME", "RESULT", "SOURCE", "TARGET", "PREDICTED", "VM", "FROM"]);
    assertEquals(lines.slice(1).map((line) => [line[1], ...line.slice(4)]), [
      ["ok", "compatible (vendor-rule)", "web-1", "operator"],
      ["ok", "compatible (migrated-before)", "-", "operator"],
      ["failed (other)", "compatible (migrated-before)", "-", "operator"],
    ]);
    const table = await run("outcomes", "--calibration");
    assertEquals(table.out.trimEnd().split("\n").map((line) => line.split(/ {2,}/)), [
      ["PREDICTED", "EVIDENCE", "OK", "FAILED (DEVICE)", "FAILED (OTHER)", "TOTAL", "RIGHT"],
      ["compatible", "migrated-before", "1", "0", "1", "2", "100 %"],
      ["compatible", "vendor-rule", "1", "0", "0", "1", "100 %"],
      ["all", "-", "2", "0", "1", "3", "100 %"],
    ]);
    const { total, schema } = JSON.parse((await run("outcomes", "--calibration", "--json")).out);
    assertEquals([total.ok, total.right, schema], [2, 1, "vfio-ask/calibration/v1"]);

    const exported = await run("outcomes", "--export");
    const document: Outcomes = JSON.parse(exported.out);
    assertEquals(document.outcomes.length, 3);
    const file = write("exported.json", document);
    const known = await run("outcomes", "--import", file);
    assertEquals([known.code, known.out], [0, "imported 0 outcomes, 3 were known\n"]);
    const message = "x".repeat(4096);
    const many = Array.from({ length: 1100 }, (_, at) => ({
      ...document.outcomes[2],
      message,
      vm: `m${at}`,
    }));
    const large = write("large.json", { ...document, outcomes: many });
    const refused = await run("outcomes", "--import", large);
    assertEquals([refused.code, refused.err.includes("has room for 9997")], [2, true]);
    const elsewhere = join(folder, "other");
    const imported = await run("outcomes", "--import", file, "--state", elsewhere);
    assertEquals([imported.code, imported.out], [0, "imported 3 outcomes\n"]);
    const list = JSON.parse((await run("outcomes", "--json", "--state", elsewhere)).out);
    assertEquals(
      list.outcomes,
      document.outcomes.map((outcome) => ({ ...outcome, origin: "import" })),
    );
    const { code, evidence } = await (async () => {
      const answer = await run("ask", source, "--json", "--state", elsewhere);
      const { offers } = JSON.parse(answer.out) as Answer;
      return { code: answer.code, evidence: offers[0]!.evidence };
    })();
    assertEquals([code, evidence], [0, "migrated-before"]);
  });
});

Deno.test("vfio-ask outcome takes a target of another host, and all devices of a virtual machine", async () => {
  await withHost(async ({ run, source, write }) => {
    const identity: Identity = JSON.parse(Deno.readTextFileSync(source));
    const host = { ...identity.host, name: "hv-third", facts: { qemu: "9.2.0" } };
    const there = write("there.json", { ...identity, id: "the-target", host });
    const { out } = await run(
      "outcome",
      "ok",
      "--source",
      source,
      "--target-identity",
      there,
      "--json",
    );
    const outcome: Outcome = JSON.parse(out);
    assertEquals(
      [outcome.target.host, outcome.target.id, outcome.target.qemu, outcome.predicted],
      ["hv-third", "the-target", "9.2.0", null],
    );
    const machine = write("vm.json", {
      schema: "vfio-ask/vm/v1",
      name: "web-1",
      uuid: null,
      host: identity.host,
      state: "running",
      pid: 4711,
      vmm: null,
      libvirt: null,
      sources: [identity, { ...identity, id: "second" }],
      problems: [],
    });
    const one = await run("outcome", "ok", "--source", machine, "--target", target);
    assertEquals(one.code, 2);
    assertStringIncludes(one.err, "has 2 sources, but 1 targets are named");
    const twice = await run(
      "outcome",
      "ok",
      "--source",
      machine,
      "--target",
      target,
      "--target",
      target,
    );
    assertEquals([twice.code, twice.err.includes("named twice")], [2, true]);
    const { devices } = JSON.parse((await run("devices", "--json")).out);
    const other = devices.find(({ id }: { id: string }) => id !== target).id;
    const both = await run(
      ...["outcome", "ok", "--source", machine, "--target", target, "--target", other, "--json"],
    );
    const { outcomes } = JSON.parse(both.out) as Outcomes;
    assertEquals(outcomes.map((each) => [each.source.id, each.target.id, each.vm]), [
      ["the-source", target, "web-1"],
      ["second", other, "web-1"],
    ]);
    const message = "load of migration failed: Bad address";
    const several = [
      "outcome",
      "failed",
      "--source",
      machine,
      "--target",
      target,
      "--target",
      other,
    ];
    assertEquals(both.err.includes("no evidence"), false);
    const failed = await run(...several, "--message", message, "--json");
    const causes = (JSON.parse(failed.out) as Outcomes).outcomes.map(({ cause }) => cause);
    assertEquals(causes, [null, null]);
    const device = await run(...several, "--cause", "device");
    assertEquals([device.code, device.err.includes("nothing shows which one")], [2, true]);
  });
});

Deno.test("vfio-ask outcome says what is not known, so that the outcome is no evidence", async () => {
  await withHost(async ({ run, source, write }) => {
    const { vmm: _, ...identity }: Identity = JSON.parse(Deno.readTextFileSync(source));
    const bare = write("bare.json", { ...identity, facts: { firmware: null } });
    const { code, err } = await run("outcome", "ok", "--source", bare, "--target", target);
    assertEquals(code, 0);
    assertStringIncludes(
      err,
      "because these are not known: version of QEMU of the source, machine type of the source, " +
        "fact firmware of the source, machine type of the target.",
    );
    assertEquals((await offerOf(run, source)).evidence, "vendor-rule");
  });
});

Deno.test("vfio-ask outcome and outcomes refuse a wrong command line or document, and record nothing", async () => {
  await withHost(async ({ run, source, folder, write }) => {
    const notJson = join(folder, "not.json");
    Deno.writeTextFileSync(notJson, "<domain/>");
    const wrong = { schema: "vfio-ask/outcomes/v1", host: mttyIdentity().host, outcomes: [1] };
    const both = ["--source", source, "--target", target];
    const cases: [argv: string[], text: string][] = [
      [["outcome", ...both], "outcome needs one result"],
      [["outcome", "perhaps", ...both], "outcome needs one result"],
      [["outcome", "ok"], "outcome needs --source"],
      [["outcome", "ok", "--source", source], "outcome needs --target or --target-identity"],
      [["outcome", "ok", ...both, "--target-identity", source], "and not both"],
      [["outcome", "ok", ...both, "--cause", "device"], "the migration did not fail"],
      [["outcome", "failed", ...both, "--cause", "weather"], "weather: unknown cause"],
      [["outcome", "ok", "--source", "/nowhere", "--target", target], "Cannot read /nowhere"],
      [["outcome", "ok", "--source", notJson, "--target", target], "Cannot read the identity in"],
      [["outcome", "ok", "--source", source, "--target", "nobody"], "named nobody"],
      [["outcomes", "--import", "/nowhere"], "Cannot read /nowhere"],
      [["outcomes", "--import", notJson], "Cannot read the outcomes in"],
      [["outcomes", "--import", write("wrong.json", wrong)], "/outcomes/0 is 1"],
      [["outcomes", "--import", source], "not vfio-ask/outcomes/v1"],
      [["outcomes", "--export", "--calibration"], "exclude each other"],
      [["outcomes", "more"], "outcomes takes no argument"],
    ];
    for (const [argv, text] of cases) {
      const { code, err } = await run(...argv);
      assertEquals(code, 2, argv.join(" "));
      assertStringIncludes(err, text);
    }
    assertEquals((await run("outcomes")).out, "no outcomes\n");
  });
});

Deno.test("vfio-ask outcomes reports a ledger that was cut off, and an outcome that cannot be written", async () => {
  await withHost(async ({ run, source, folder }) => {
    await run("outcome", "ok", "--source", source, "--target", target);
    const path = ledgerPath(join(folder, "state"));
    Deno.writeTextFileSync(path, '{"schema":"vfio-ask/outc', { append: true });
    const { code, out, err } = await run("outcomes");
    assertEquals([code, out.trimEnd().split("\n").length], [0, 2]);
    assertStringIncludes(err, `Skipped 1 line that is no outcome in ${path}, line 2`);
    const state = join(folder, "file");
    Deno.writeTextFileSync(state, "");
    const failed = await run(
      "outcome",
      "ok",
      "--source",
      source,
      "--target",
      target,
      "--state",
      state,
    );
    assertEquals(failed.code, 4);
    assertStringIncludes(failed.err, "Cannot write the outcome");
    assert(!failed.out.includes("recorded"));
  });
});
