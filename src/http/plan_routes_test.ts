import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { mttyIdentity, unmigratableIdentity } from "../../tests/fixtures/identity.ts";
import { mttyDevice, mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { makeTestApp, problemOf } from "../../tests/fixtures/test_app.ts";
import { domainXml, mttyMachineDocument } from "../../tests/fixtures/vm_document.ts";
import type { SettledPlan } from "../moves/mod.ts";
import { type KeptPlan, makePlans } from "./plans.ts";
import { HttpProblem } from "./problem.ts";

const machine = mttyMachineDocument();

Deno.test("POST /v1/ask answers for a virtual machine as for its sources together", async () => {
  const { ask } = makeTestApp();
  const together = async (body: unknown) => (await (await ask("POST", "/v1/ask", body)).json());
  const whole = await together(machine);
  const apart = await together({ sources: machine.sources });
  assertEquals(whole.schema, "vfio-ask/answers/v1");
  assertEquals(whole.together.verdict, apart.together.verdict);
  assertEquals(
    whole.together.plans[0].placements,
    apart.together.plans[0].placements,
  );
});

Deno.test("POST /v1/plans/ID/export gives each form of a plan of an answer", async () => {
  const { ask } = makeTestApp();
  const answer = await (await ask("POST", "/v1/ask", machine)).json();
  const path = `/v1/plans/${answer.together.plans[0].id}/export`;
  const xml = await ask("POST", path, { as: "xml" });
  assertEquals(xml.headers.get("content-type"), "application/xml; charset=utf-8");
  assertStringIncludes(await xml.text(), `<address uuid='${mttyDevice().id}'/>`);
  const commands = await ask("POST", path, { as: "commands", to: "qemu+tls://b/system" });
  assertStringIncludes(await commands.text(), "g1 qemu+tls://b/system");
  assertEquals(await (await ask("POST", path, { as: "mdevctl" })).json(), {
    schema: "vfio-ask/definitions/v1",
    host: mttySnapshot().host.name,
    definitions: [],
  });
  const document = await (await ask("POST", path, { as: "document" })).json();
  assertEquals([document.schema, document.plan], [
    "vfio-ask/move/v1",
    answer.together.plans[0].id,
  ]);
});

Deno.test("POST /v1/plans/ID/export refuses unknown plans, wrong requests and what cannot be expressed", async () => {
  const app = makeTestApp();
  const { ask } = app;
  const unknown = await ask("POST", "/v1/plans/nothing/export", { as: "xml" });
  assertStringIncludes((await problemOf(unknown, 404, "plan-unknown")).remedy!, "Ask again");
  const sources = await (await ask("POST", "/v1/ask", { sources: [mttyIdentity()] })).json();
  const path = `/v1/plans/${sources.together.plans[0].id}/export`;
  for (const body of [{}, { as: "all" }, { as: "xml", to: "-x" }, { as: "xml", more: 1 }, []]) {
    await problemOf(await ask("POST", path, body), 400, "bad-request");
  }
  const xml = await problemOf(await ask("POST", path, { as: "xml" }), 422, "not-expressible");
  assertEquals(xml.pointer, "/as");
  app.state.nowMs += 10 * 60_000 + 1;
  await problemOf(await ask("POST", path, { as: "commands" }), 404, "plan-unknown");
  const foreign = mttyMachineDocument({
    libvirt: { version: null, xml: domainXml("22222222-2222-4333-8444-555555555555") },
  });
  const doubtful = await (await ask("POST", "/v1/ask", foreign)).json();
  assertEquals(doubtful.together.verdict, "unknown");
  const [{ id }] = doubtful.together.plans;
  const refused = await ask("POST", `/v1/plans/${id}/export`, { as: "xml" });
  await problemOf(refused, 422, "not-expressible");
});

Deno.test("POST /v1/ask refuses wrong virtual machines with the place", async () => {
  const { ask } = makeTestApp();
  const source = mttyIdentity();
  const cases = [
    [{ ...machine, sources: [] }, "identity-invalid", "/sources"],
    [{ ...machine, state: "paused" }, "identity-invalid", "/state"],
    [{ ...machine, schema: "vfio-ask/vm/v9" }, "schema-unsupported", "/schema"],
    [{ ...machine, sources: [source, source] }, "identity-invalid", "/sources/1/id"],
    [
      { ...machine, sources: [unmigratableIdentity()] },
      "source-cannot-migrate",
      "/sources/0/migration/uapi",
    ],
    [
      { ...machine, libvirt: { version: null, xml: "<domain" } },
      "identity-invalid",
      "/libvirt/xml",
    ],
  ] as const;
  for (const [body, problem, pointer] of cases) {
    const told = await problemOf(await ask("POST", "/v1/ask", body), 422, problem);
    assertEquals(told.pointer, pointer);
  }
});

Deno.test("makePlans() keeps plans within its limits, and forgets the oldest", () => {
  let nowMs = 0;
  const plans = makePlans(() => nowMs, { most: 2, keptMs: 100, characters: 1300 });
  const kept = (id: string, xml = ""): KeptPlan => ({
    plan: { id } as SettledPlan,
    machine: {
      name: "a",
      uuid: null,
      host: mttySnapshot().host,
      state: "running",
      libvirt: { version: null, xml },
    },
    sourceHost: "a",
    host: "b",
  });
  for (const id of ["1", "2", "1", "3"]) plans.keep(kept(id));
  // The first was kept again, so the second was the oldest.
  assertThrows(() => plans.get("2"), HttpProblem);
  assertEquals(plans.get("1").plan.id, "1");
  plans.keep(kept("4", "x".repeat(800)));
  assertThrows(() => plans.get("1"), HttpProblem);
  assertEquals(plans.get("4").plan.id, "4");
  plans.keep(kept("5", "x".repeat(2000)));
  for (const id of ["4", "5"]) assertThrows(() => plans.get(id), HttpProblem);
  plans.keep(kept("6"));
  nowMs = 101;
  assertThrows(() => plans.get("6"), HttpProblem);
});
