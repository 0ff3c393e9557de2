import { assertEquals, assertStringIncludes } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { hostWithQemu, mttyOutcome, runningMtty } from "../../tests/fixtures/outcome.ts";
import { makeTestApp, problemOf } from "../../tests/fixtures/test_app.ts";
import type { Outcome, Outcomes, Problem } from "../documents/mod.ts";
import { tallyOutcomes } from "../ledger/mod.ts";
import type { AppWorld } from "./app.ts";

const SNAPSHOT = hostWithQemu();
const [DEVICE] = SNAPSHOT.devices;
const REPORT = { source: runningMtty(), target: DEVICE!.id, result: "ok" };

/** An application with a ledger in memory. */
function open(change: Partial<AppWorld> = {}, snapshot = SNAPSHOT) {
  const outcomes: Outcome[] = [];
  const app = makeTestApp(snapshot, {
    readLedger: () => ({ outcomes, problems: [] }),
    record: (more) => {
      outcomes.push(...more);
      return Promise.resolve([]);
    },
    ...change,
  });
  const post = (body: unknown) => app.ask("POST", "/v1/outcomes", body);
  return { app, outcomes, post };
}

Deno.test("POST /v1/outcomes fills in the target's side, the time and what this host says about the pair", async () => {
  const { app, outcomes, post } = open();
  const response = await post({ ...REPORT, vm: "web-1" });
  assertEquals(response.status, 201);
  const outcome = await response.json();
  assertEquals(outcome, {
    ...mttyOutcome({ vm: "web-1", predicted: { verdict: "compatible", evidence: "vendor-rule" } }),
    at: "2026-01-31T12:00:00.000Z",
  });
  assertEquals(outcomes, [outcome]);
  const listed = await app.get<Outcomes>("/v1/outcomes");
  assertEquals(listed.outcomes, [outcome]);
  assertEquals([listed.schema, listed.host.name], ["vfio-ask/outcomes/v1", "hv-18"]);
});

Deno.test("POST /v1/outcomes derives the cause of a failure from the message, and keeps what was predicted", async () => {
  const { outcomes, post } = open();
  const message = "operation failed: load of migration failed: Bad address";
  const predicted = { verdict: "unknown", evidence: null } as const;
  const bodies = [
    { ...REPORT, result: "failed", message, predicted, origin: "hook" },
    { ...REPORT, result: "failed", message, cause: "other", predicted: null },
  ];
  for (const body of bodies) await (await post(body)).body?.cancel();
  assertEquals(outcomes.map(({ cause, origin }) => [cause, origin]), [
    ["device", "hook"],
    ["other", "operator"],
  ]);
  assertEquals(outcomes.map((outcome) => outcome.predicted), [predicted, null]);
});

Deno.test("POST /v1/outcomes records a document as it is, also of a source that could not migrate", async () => {
  const { outcomes, post } = open();
  const outcome = mttyOutcome({ result: "failed", cause: "other", origin: "hook" });
  const response = await post(outcome);
  assertEquals([response.status, await response.json()], [201, outcome]);
  const { migration } = mttyIdentity();
  const source = mttyIdentity({ migration: { ...migration, uapi: "none" } });
  const refused = await post({ ...REPORT, source, result: "failed" });
  assertEquals((await refused.json()).predicted, { verdict: "incompatible", evidence: null });
  assertEquals(outcomes.length, 2);
});

Deno.test("POST /v1/outcomes names the field that is wrong, and records nothing", async () => {
  const { outcomes, post } = open();
  const { type: _, ...withoutType } = runningMtty();
  const cases: [body: unknown, pointer: string][] = [
    [{ ...REPORT, result: "perhaps" }, "/result"],
    [{ ...REPORT, source: withoutType }, "/source/type"],
    [{ ...REPORT, target: { device: "x" } }, "/target"],
    [{ ...REPORT, cause: "weather" }, "/cause"],
    [{ ...REPORT, predicted: { verdict: "yes" } }, "/predicted/verdict"],
    [{ ...mttyOutcome(), cause: "device" }, "/cause"],
    [{ ...mttyOutcome(), target: 1 }, "/target"],
    [null, ""],
  ];
  for (const [body, pointer] of cases) {
    const problem = await problemOf(await post(body), 422, "outcome-invalid");
    assertEquals(problem.pointer, pointer);
    assertEquals(typeof problem.remedy, "string");
  }
  await problemOf(await post({ ...mttyOutcome(), schema: "x/y/v1" }), 422, "schema-unsupported");
  await problemOf(await post({ ...REPORT, target: "nobody" }), 404, "device-unknown");
  assertEquals(outcomes, []);
});

Deno.test("POST /v1/outcomes needs the permission of a preflight; GET does not", async () => {
  const refuse = () => Promise.reject(new Error("not permitted"));
  const { app, outcomes, post } = open({ authorise: refuse });
  assertEquals((await post(REPORT)).status, 500);
  assertEquals(outcomes, []);
  assertEquals(await app.get<Outcomes>("/v1/outcomes").then((list) => list.outcomes), []);
});

Deno.test("POST /v1/outcomes reports why an outcome was not written", async () => {
  const problem = (code: Problem["code"]): Problem => ({
    code,
    subject: "/source/facts",
    sentence: "It was not written",
    remedy: "Do this.",
  });
  for (
    const [code, status, name] of [
      ["not-permitted", 403, "not-permitted"],
      ["unavailable", 503, "worker-unavailable"],
      ["bad-input", 422, "outcome-invalid"],
      ["kernel", 500, "internal"],
    ] as const
  ) {
    const { post } = open({ record: () => Promise.resolve([problem(code)]) });
    const { detail, remedy } = await problemOf(await post(REPORT), status, name);
    assertEquals([detail, remedy], ["It was not written", "Do this."]);
  }
});

Deno.test("POST /v1/ask and /metrics take outcomes into account", async () => {
  const past = tallyOutcomes([mttyOutcome()], SNAPSHOT.host);
  const { app, post } = open({}, { ...SNAPSHOT, outcomes: past });
  const { offers } = await (await app.ask("POST", "/v1/ask", runningMtty())).json();
  assertEquals(offers[0].evidence, "migrated-before");
  await (await post(REPORT)).body?.cancel();
  assertStringIncludes(
    await (await app.request("/metrics")).text(),
    'vfio_ask_predictions_total{verdict="compatible",outcome="ok"} 1\n',
  );
});
