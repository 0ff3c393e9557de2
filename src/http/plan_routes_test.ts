import { assertEquals, assertStringIncludes } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { makeTestApp, problemOf } from "../../tests/fixtures/test_app.ts";
import { mttyMachine } from "../../tests/fixtures/virtual_machine.ts";
import { keepPlans, PLAN_LIMITS } from "./plans_kept.ts";

const NONE = mttySnapshot({ devices: [] });
const SOURCE = mttyIdentity().id;

Deno.test("POST /v1/plans/ID/export returns what carries out a plan of a virtual machine", async () => {
  const { ask } = makeTestApp(NONE);
  const { together, machine } = await (await ask("POST", "/v1/ask", mttyMachine())).json();
  assertEquals([together.verdict, machine.name], ["compatible", "web-1"]);
  const path = `/v1/plans/${together.plans[0].id}/export`;
  const response = await ask("POST", path, { to: "qemu+tcp://hv-18/system" });
  assertEquals(response.status, 200);
  const move = await response.json();
  assertEquals([move.schema, move.plan], ["vfio-ask/move/v1", together.plans[0].id]);
  assertEquals(move.commands.source, [
    "virsh migrate --live --verbose web-1 qemu+tcp://hv-18/system",
  ]);
  assertStringIncludes(move.xml, SOURCE);
  assertEquals(await (await ask("POST", path, {})).json().then(({ to }) => to), "hv-18");
});

Deno.test("POST /v1/ask gives the same plan the same id, and another machine another one", async () => {
  const { ask } = makeTestApp(NONE);
  const idOf = async (body: unknown) =>
    (await (await ask("POST", "/v1/ask", body)).json()).together.plans[0].id;
  const first = await idOf(mttyMachine());
  assertEquals(await idOf(mttyMachine()) === first, true);
  assertEquals(await idOf(mttyMachine({ name: "web-2" })) === first, false);
  assertEquals(await idOf({ sources: [mttyIdentity()] }) === first, false);
});

Deno.test("POST /v1/plans/ID/export refuses plans that it does not know, and wrong bodies", async () => {
  const { ask, state } = makeTestApp(NONE);
  await problemOf(await ask("POST", "/v1/plans/0011223344556677/export", {}), 404, "plan-unknown");
  const { together } = await (await ask("POST", "/v1/ask", mttyMachine())).json();
  const path = `/v1/plans/${together.plans[0].id}/export`;
  for (
    const [body, pointer] of [
      [{ to: 5 }, "/to"],
      [{ to: "no uri" }, "/to"],
      [{ as: "xml" }, "/as"],
      [[], ""],
    ]
  ) {
    const problem = await problemOf(await ask("POST", path, body), 400, "bad-request");
    assertEquals(problem.pointer, pointer as string);
  }
  state.snapshot = { ...NONE, types: [] };
  await problemOf(await ask("POST", path, {}), 404, "device-unknown");
  state.snapshot = NONE;
  state.nowMs += PLAN_LIMITS.ms + 1;
  await problemOf(await ask("POST", path, {}), 404, "plan-unknown");
});

Deno.test("POST /v1/plans/ID/export says why a plan cannot be carried out by XML", async () => {
  const { ask } = makeTestApp(NONE);
  const machine = mttyMachine({ libvirt: { version: null, xml: "<domain/>" } });
  const { together } = await (await ask("POST", "/v1/ask", machine)).json();
  const response = await ask("POST", `/v1/plans/${together.plans[0].id}/export`, {});
  await problemOf(response, 400, "bad-request");
});

Deno.test("POST /v1/ask names the wrong field of a virtual machine", async () => {
  const { ask } = makeTestApp();
  const wrong = { ...mttyMachine(), state: "asleep" };
  const problem = await problemOf(await ask("POST", "/v1/ask", wrong), 422, "identity-invalid");
  assertEquals(problem.pointer, "/state");
});

Deno.test("keepPlans() keeps the last answers only, within its limits", () => {
  const kept = keepPlans(() => 0, { answers: 2, bytes: 10, ms: 1 });
  const keep = (id: string, bytes: number) =>
    kept.keep({ plans: [{ id } as never], sources: [], machine: null, bytes });
  const known = () => ["a", "b", "c"].filter((id) => kept.find(id) !== null);
  keep("a", 4);
  keep("b", 4);
  keep("a", 4);
  keep("c", 4);
  assertEquals(known(), ["a", "c"]);
  keep("b", 7);
  assertEquals(known(), ["b"]);
});
