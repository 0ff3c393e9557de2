import { assert, assertEquals } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { parseLines } from "../../tests/fixtures/lines.ts";
import { mttyDevice, mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { makeTestApp, problemOf, type TestApp } from "../../tests/fixtures/test_app.ts";
import { Answer, type Refusal } from "../documents/mod.ts";

/** A host that has one device of the source's type, and three of another. */
function makeApp(): TestApp {
  const strangers = ["a", "b", "c"].map((id) => mttyDevice({ id, type: "mtty-9" }));
  return makeTestApp(mttySnapshot({ devices: [mttyDevice(), ...strangers], types: [] }));
}

const namesOf = (refusals: readonly Refusal[]) =>
  refusals.map(({ configuration: { id }, others }) => [id, others?.flatMap(({ ids }) => ids)]);
const GROUPED = [["a", ["b", "c"]]];
const EACH = ["a", "b", "c"].map((id) => [id, undefined]);

/** The expected refusals for each query. */
const MODES: readonly (readonly [query: string, names: unknown[]])[] = [
  ["", GROUPED],
  ["?refusals=grouped", GROUPED],
  ["?refusals=each", EACH],
  ["?refusals=none", []],
];

for (const [query, names] of MODES) {
  Deno.test(`POST /v1/ask${query} lists the expected refusals and their number`, async () => {
    const app = makeApp();
    const answer = await (await app.ask("POST", `/v1/ask${query}`, mttyIdentity())).json();
    const { refused, refusals } = Answer.parse(answer) as Answer;
    assertEquals([refused, namesOf(refusals)], [3, names]);
    const sources = [mttyIdentity({ id: "x" }), mttyIdentity({ id: "y" })];
    const { answers } = await (await app.ask("POST", `/v1/ask${query}`, { sources })).json();
    for (const each of answers) assertEquals([each.refused, namesOf(each.refusals)], [3, names]);
  });

  Deno.test(`a session lists the expected refusals for ${query || "no query"}, as JSON and NDJSON`, async () => {
    const app = makeApp();
    const path = await app.openSession();
    await (await app.ask("PUT", `${path}/source${query}`, mttyIdentity())).body?.cancel();
    const wanted = await app.get<{ refusals: Refusal[] }>(`${path}/refusals`);
    assertEquals(namesOf(wanted.refusals), names, "as requested with the source");
    const plain = await app.openSession();
    const described = await (await app.ask("PUT", `${plain}/source`, mttyIdentity())).json();
    assertEquals([described.offers, described.refusals], [1, 3]);
    const asked = `${plain}/refusals${query}`;
    const { refused, refusals } = await app.get<{ refused: number; refusals: Refusal[] }>(asked);
    assertEquals([refused, namesOf(refusals)], [3, names]);
    const accept = { accept: "application/x-ndjson" };
    const text = await (await app.ask("GET", asked, undefined, accept)).text();
    const { items, end } = parseLines(text);
    assertEquals([end.complete, end.offered, end.refused], [true, 1, 3]);
    assertEquals(
      items,
      refusals.map((refusal) => ({ schema: "vfio-ask/refusal/v1", ...refusal })),
    );
  });
}

Deno.test("a session lists all offers, or the requested number", async () => {
  const devices = Array.from({ length: 30 }, (_, n) => mttyDevice({ id: `${n}` }));
  const app = makeTestApp(mttySnapshot({ devices, types: [] }));
  const path = await app.openSession();
  await (await app.ask("PUT", `${path}/source`, mttyIdentity())).body?.cancel();
  for (const [query, told] of [["", 30], ["?offers=2", 2], ["?offers=all", 30]] as const) {
    const { offers, offered } = await app.get<Answer>(`${path}/offers${query}`);
    assertEquals([offers.length, offered], [told, 30]);
  }
  for (const [query, told] of [["", 20], ["?offers=2", 2], ["?offers=all", 30]] as const) {
    const { offers, offered } = await (await app.ask("POST", `/v1/ask${query}`, mttyIdentity()))
      .json();
    assertEquals([offers.length, offered], [told, 30]);
  }
});

/** Every route that returns an answer: method, and path below the session. */
const ROUTES: readonly (readonly [method: string, path: string])[] = [
  ["POST", "/v1/ask"],
  ["PUT", "source"],
  ["GET", "offers"],
  ["GET", "refusals"],
];

for (const [method, name] of ROUTES) {
  for (const [parameter, value] of [["refusals", "some"], ["offers", "0"]] as const) {
    Deno.test(`${method} ${name} refuses ${parameter}=${value}, with a remedy`, async () => {
      const app = makeApp();
      const session = await app.openSession();
      await (await app.ask("PUT", `${session}/source`, mttyIdentity())).body?.cancel();
      const path = name.startsWith("/") ? name : `${session}/${name}`;
      const body = method === "GET" ? undefined : mttyIdentity();
      const response = await app.ask(method, `${path}?${parameter}=${value}`, body);
      const problem = await problemOf(response, 400, "bad-request");
      assertEquals([problem.parameter, problem.value], [parameter, value]);
      assert(problem.detail.startsWith(`${parameter}: ${value}`));
      assert(problem.remedy?.includes(`?${parameter}=`));
    });
  }
}
