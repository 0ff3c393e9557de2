import { assert, assertEquals } from "@std/assert";
import { mttyIdentity, unmigratableIdentity } from "../../tests/fixtures/identity.ts";
import { parseLines } from "../../tests/fixtures/lines.ts";
import { mttyDevice, mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { makeTestApp, problemOf } from "../../tests/fixtures/test_app.ts";
import { Offer, Refusal } from "../documents/mod.ts";
import { SESSION_LIMITS } from "./sessions.ts";

interface Described {
  id: string;
  snapshot: number;
  source: { id: string; type: string } | null;
  offers: number | null;
}

Deno.test("a session is opened, written to, read from and closed", async () => {
  const app = makeTestApp();
  const opened = await app.ask("POST", "/v1/sessions");
  const path = opened.headers.get("location")!;
  const { id, snapshot, takenAt } = await opened.json();
  assertEquals([opened.status, path], [201, `/v1/sessions/${id}`]);
  assertEquals([snapshot, takenAt], [17, mttySnapshot().takenAt]);

  const source = mttyIdentity();
  const written = await app.ask("PUT", `${path}/source`, source);
  assertEquals(written.status, 200);
  const described: Described = await written.json();
  assertEquals(described.source, { id: source.id, type: source.type });
  assertEquals(await app.get(path), described);

  const { offers, ...rest } = await app.get<{ offers: Offer[] }>(`${path}/offers`);
  assertEquals(offers.map(({ rank }) => rank), [1, 2]);
  assertEquals(described.offers, 2);
  assertEquals((rest as { snapshot?: number }).snapshot, 17);
  for (const offer of offers) Offer.parse(offer);
  const { refusals } = await app.get<{ refusals: Refusal[] }>(`${path}/refusals`);
  assertEquals(refusals.map(({ configuration }) => configuration.type), ["mtty-1"]);
  for (const refusal of refusals) Refusal.parse(refusal);

  const closed = await app.ask("DELETE", path);
  assertEquals([closed.status, await closed.text()], [204, ""]);
  await problemOf(await app.ask("GET", `${path}/offers`), 404, "session-unknown");
});

Deno.test("offers and refusals are one per line for NDJSON", async () => {
  const app = makeTestApp();
  const path = await app.openSession();
  await (await app.ask("PUT", `${path}/source`, mttyIdentity())).body?.cancel();
  for (const part of ["offers", "refusals"]) {
    const accept = { accept: "application/x-ndjson" };
    const response = await app.ask("GET", `${path}/${part}`, undefined, accept);
    assertEquals(response.headers.get("content-type"), "application/x-ndjson");
    const { items: lines, end } = parseLines(await response.text());
    assertEquals([end.complete, end.reason, end.offered, end.refused], [true, null, 2, 1]);
    const items = (await app.get<Record<string, object[]>>(`${path}/${part}`))[part]!;
    const schema = `vfio-ask/${part.slice(0, -1)}/v1`;
    assertEquals(lines, items.map((item) => ({ schema, ...item })));
  }
});

Deno.test("a session answers from its own snapshot", async () => {
  const app = makeTestApp();
  const path = await app.openSession();
  app.state.snapshot = mttySnapshot({ snapshot: 18, devices: [], types: [] });
  await (await app.ask("PUT", `${path}/source`, mttyIdentity())).body?.cancel();
  const { snapshot, offers } = await app.get<{ snapshot: number; offers: unknown[] }>(
    `${path}/offers`,
  );
  assertEquals([snapshot, offers.length], [17, 2]);
  const later = await app.openSession();
  assertEquals((await app.get<Described>(later)).snapshot, 18);
});

Deno.test("two users at once do not see each other's source", async () => {
  const app = makeTestApp();
  const [one, two] = [await app.openSession(), await app.openSession()];
  assert(one !== two);
  await (await app.ask("PUT", `${one}/source`, mttyIdentity({ id: "one" }))).body?.cancel();
  assertEquals((await app.get<Described>(two)).source, null);
  await problemOf(await app.ask("GET", `${two}/offers`), 409, "source-missing");
  const other = mttyIdentity({ id: "two", type: "mtty-1" });
  await (await app.ask("PUT", `${two}/source`, other)).body?.cancel();
  assertEquals((await app.get<Described>(one)).source?.id, "one");
  const types = async (path: string) =>
    (await app.get<{ offers: Offer[] }>(`${path}/offers`)).offers
      .map(({ configuration }) => configuration.type);
  assertEquals(await types(one), ["mtty-2", "mtty-2"]);
  assertEquals(await types(two), ["mtty-1"]);
  await app.ask("DELETE", one);
  assertEquals((await app.get<Described>(two)).source?.id, "two");
});

Deno.test("a second source replaces the first one", async () => {
  const app = makeTestApp();
  const path = await app.openSession();
  for (const type of ["mtty-2", "mtty-1"]) {
    await (await app.ask("PUT", `${path}/source`, mttyIdentity({ type }))).body?.cancel();
  }
  assertEquals((await app.get<Described>(path)).source?.type, "mtty-1");
  const { offers } = await app.get<{ offers: Offer[] }>(`${path}/offers`);
  assertEquals(offers.map(({ configuration }) => configuration.type), ["mtty-1"]);
});

Deno.test("a source that cannot migrate is refused with reasons", async () => {
  const app = makeTestApp();
  const path = await app.openSession();
  const response = await app.ask("PUT", `${path}/source`, unmigratableIdentity());
  const problem = await problemOf(response, 422, "source-cannot-migrate");
  const [reason] = problem.reasons as { code: string; sentence: string }[];
  assertEquals(reason?.code, "SourceCannotMigrate");
  assert(reason?.sentence.startsWith("mtty: "), reason?.sentence);
  assert(problem.remedy !== null);
  assertEquals((await app.get<Described>(path)).source, null);
});

Deno.test("offers are refused before a source is written", async () => {
  const app = makeTestApp();
  const path = await app.openSession();
  for (const part of ["offers", "refusals"]) {
    const problem = await problemOf(
      await app.ask("GET", `${path}/${part}`),
      409,
      "source-missing",
    );
    assert(problem.remedy?.includes(`${path}/source`), problem.remedy ?? "");
  }
});

Deno.test("an unused session expires, and a used one does not", async () => {
  const app = makeTestApp();
  const [used, unused] = [await app.openSession(), await app.openSession()];
  app.state.nowMs += SESSION_LIMITS.idleMs;
  await app.get(used);
  app.state.nowMs += 1;
  await app.get(used);
  await problemOf(await app.ask("GET", unused), 404, "session-unknown");
  await problemOf(await app.ask("DELETE", unused), 404, "session-unknown");
});

Deno.test("an expired session is not counted and cannot be closed", async () => {
  const app = makeTestApp();
  const path = await app.openSession();
  app.state.nowMs += SESSION_LIMITS.idleMs + 1;
  assertEquals((await app.get<{ sessions: number }>("/healthz")).sessions, 0);
  await problemOf(await app.ask("DELETE", path), 404, "session-unknown");
});

Deno.test("too many sessions are refused until one is closed or expires", async () => {
  const app = makeTestApp();
  const first = await app.openSession();
  for (let open = 1; open < SESSION_LIMITS.most; open++) await app.openSession();
  const response = await app.ask("POST", "/v1/sessions");
  assert(Number(response.headers.get("retry-after")) > 0);
  const problem = await problemOf(response, 503, "sessions-full");
  assert(problem.remedy?.includes("/v1/ask"));
  const asked = await app.ask("POST", "/v1/ask", mttyIdentity());
  assertEquals([asked.status, (await asked.json()).offers.length], [200, 2]);
  await app.ask("DELETE", first);
  await app.openSession();
  app.state.nowMs += SESSION_LIMITS.idleMs + 1;
  await app.openSession();
});

Deno.test("a session that is closed while a source arrives does not accept it", async () => {
  const app = makeTestApp(mttySnapshot({ devices: [mttyDevice()] }));
  const path = await app.openSession();
  const written = app.ask("PUT", `${path}/source`, mttyIdentity());
  await app.ask("DELETE", path);
  const { status } = await written;
  assert(status === 404 || status === 200);
  await problemOf(await app.ask("GET", path), 404, "session-unknown");
});
