/** The documents of the command line, compared with those of HTTP from the same simulated host. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { recordLog } from "../../tests/fixtures/log.ts";
import { programCommand, runCli } from "../../tests/fixtures/run_cli.ts";
import { observeHost, type World } from "../view/mod.ts";
import { openTrial, testSource } from "../trials/mod.ts";
import { appWorld } from "../../tests/fixtures/test_app.ts";
import { makeApp } from "../http/mod.ts";
import { DOCUMENTS } from "../openapi/mod.ts";
import { COMMANDS } from "./commands.ts";
import { parse } from "./run.ts";
import { openWorld } from "./world.ts";

const SIMULATE = ["--simulate", "mixed"];
/** An idle mtty-2 of the simulated host, and a function of pds, which has no PRE_COPY. */
const MTTY_2 = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";
const PDS = "0000:b5:00.1";
const POLICY = { mode: "mdev", create: false, settleMs: 0 } as const;

/** A simulated host with a stopped clock, for the command line and HTTP. */
interface Both {
  /** Runs a command on the host and returns its JSON. */
  cli: (...argv: string[]) => Promise<Record<string, unknown>>;
  http: (method: string, path: string, body?: unknown) => Promise<Record<string, unknown>>;
}

async function withBoth(run: (both: Both) => Promise<void>): Promise<void> {
  const devices = COMMANDS.find(({ name }) => name === "devices");
  assert(devices !== undefined);
  await using opened = await openWorld(
    parse(await devices.load(), SIMULATE),
    programCommand(),
  );
  const now = new Date();
  const world: World = { ...opened, now: () => now };
  const look = async () =>
    (await observeHost(world, { mode: "representative", settleMs: 0 })).snapshot;
  const app = makeApp(appWorld({
    newest: look,
    last: look,
    nowMs: () => now.getTime(),
    rules: world.readRules,
    diagnose: () => Promise.resolve({ devices: [], findings: [], problems: [] }),
    subsystem: "warn",
    log: recordLog(),
    test: (snapshot, source, target) => testSource(world, snapshot, source, target, POLICY),
    openTrial: (snapshot, source) => openTrial(world, snapshot, source, POLICY),
  }));
  await run({
    cli: async (...argv) => {
      const { out, err } = await runCli([...argv, ...SIMULATE], (own) => ({
        ...world,
        [Symbol.asyncDispose]: () => own[Symbol.asyncDispose](),
      }));
      assert(out !== "", err);
      return JSON.parse(out);
    },
    http: async (method, path, body) => {
      const json = { "content-type": "application/json" };
      const response = await app.request(`http://127.0.0.1:7431${path}`, {
        method,
        ...(body === undefined ? {} : { headers: json, body: JSON.stringify(body) }),
      });
      return await response.json();
    },
  });
}

/** Runs a test with a temporary file that contains a document. */
async function withFile(document: unknown, run: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, JSON.stringify(document));
    await run(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("command line and HTTP give the same documents of a host", async () => {
  await withBoth(async ({ cli, http }) => {
    // Probes each class once, so that both have the same results.
    await cli("devices", "--json");
    for (const name of ["devices", "types", "supported", "snapshot"]) {
      assertEquals(await cli(name, "--json"), await http("GET", `/v1/${name}`), name);
    }
    assertEquals(
      await cli("identity", MTTY_2, "--json"),
      await http("GET", `/v1/devices/${MTTY_2}/identity`),
    );
  });
});

Deno.test("command line and HTTP give the same document of rules", async () => {
  await withBoth(async ({ http }) => {
    const { out } = await runCli(["rules", "--json"]);
    const { files, ...rest } = JSON.parse(out);
    const { files: served, ...others } = await http("GET", "/v1/rules");
    assertEquals(rest, others);
    const namesOf = (all: { path: string }[]) => all.map(({ path }) => path);
    for (const path of namesOf(served as { path: string }[])) assert(namesOf(files).includes(path));
  });
});

Deno.test("command line and HTTP give the same answers and tests", async () => {
  await withBoth(async ({ cli, http }) => {
    const identity = await cli("identity", MTTY_2, "--initial-data");
    const source = { ...identity, id: "elsewhere", host: { name: "a", kernel: "b", bootId: "c" } };
    await withFile(source, async (path) => {
      // Runs the controls, whose results are saved.
      await cli("preflight", path, MTTY_2, "--json");
      const tested = await cli("preflight", path, MTTY_2, "--json");
      assertEquals(
        tested,
        await http("POST", "/v1/test", { source, target: { device: MTTY_2 } }),
      );
      assertEquals(tested.schema, "vfio-ask/test/v1");
      DOCUMENTS.Test.parse(tested);
      const { shape } = DOCUMENTS.Test;
      assertEquals(Object.keys(tested).filter((field) => !(field in shape)), []);
      assertEquals(await cli("ask", path, "--json"), await http("POST", "/v1/ask", source));
      assertEquals(
        await cli("ask", path, "--preflight", "--json"),
        await http("POST", "/v1/ask?preflight=1", source),
      );
    });
  });
});

Deno.test("every HTTP document names its schema", async () => {
  await withBoth(async ({ http }) => {
    const paths = ["devices", "types", "configurations", "supported", "rules", "snapshot"];
    for (const name of [...paths.map((name) => `v1/${name}`), `v1/devices/${MTTY_2}`, "healthz"]) {
      assertMatch(String((await http("GET", `/${name}`)).schema), /^vfio-ask\/[a-z-]+\/v1$/, name);
    }
    const opened = await http("POST", "/v1/sessions");
    assertEquals(opened.schema, "vfio-ask/session/v1");
    const session = `/v1/sessions/${opened.id}`;
    assertEquals(await http("GET", session), opened);
    const identity = await http("GET", `/v1/devices/${MTTY_2}/identity`);
    assertEquals((await http("PUT", `${session}/source`, identity)).schema, opened.schema);
    for (const part of ["offers", "refusals"]) {
      assertEquals((await http("GET", `${session}/${part}`)).schema, `vfio-ask/${part}/v1`);
    }
    assertEquals((await http("GET", "/nowhere")).schema, "vfio-ask/problem/v1");
  });
});

const WITH_SCHEMA: readonly (readonly string[])[] = [
  ["devices", ...SIMULATE],
  ["types", ...SIMULATE],
  ["supported", ...SIMULATE],
  ["doctor", ...SIMULATE],
  ["snapshot", ...SIMULATE],
  ["identity", MTTY_2, ...SIMULATE],
  ["ask", MTTY_2, ...SIMULATE],
  ["ask", MTTY_2, PDS, ...SIMULATE],
  ["preflight", MTTY_2, MTTY_2, ...SIMULATE],
  ["probe", MTTY_2, ...SIMULATE],
  ["probe", MTTY_2, "--ndjson", ...SIMULATE],
  ["rules"],
  ["rules", "check", "/dev/null"],
  ["rules", "show", "mtty.json"],
  ["version"],
];

for (const argv of WITH_SCHEMA) {
  Deno.test(`vfio-ask ${argv.join(" ")} prints JSON that names its schema`, async () => {
    const output = argv.includes("--ndjson") ? [] : ["--json"];
    const { out, err } = await runCli([...argv, ...output]);
    assert(out !== "", err);
    assertMatch(JSON.parse(out).schema, /^vfio-ask\/[a-z-]+\/v1$/);
  });
}

Deno.test("identity and snapshot print the same with and without --json", async () => {
  await withBoth(async ({ cli }) => {
    for (const argv of [["identity", MTTY_2], ["snapshot"]]) {
      const first = await cli(...argv);
      assertEquals(await cli(...argv, "--json"), await cli(...argv));
      assertEquals(Object.keys(first), Object.keys(await cli(...argv, "--json")));
    }
  });
});

Deno.test("problems of a preflight are in the document and on standard error", async () => {
  const argv = ["ask", PDS, "--preflight=load", "--json", ...SIMULATE];
  const { out, err } = await runCli(argv);
  const { problems } = JSON.parse(out);
  const [problem] = problems.filter(({ code }: { code: string }) => code === "no-initial-data");
  assertEquals(problem?.subject, PDS);
  assertStringIncludes(err, problem.sentence);
});

Deno.test("the error of an unknown command escapes control characters", async () => {
  for (const argv of [["a\x1b[2J"], ["help", "a\x1b[2J"]]) {
    const { code, err } = await runCli(argv);
    assertEquals(code, 2);
    assertStringIncludes(err, "a\\u001b[2J");
  }
});
