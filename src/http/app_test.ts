import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { recordLog } from "../../tests/fixtures/log.ts";
import { mttyDevice, mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { appWorld, makeTestApp, problemOf } from "../../tests/fixtures/test_app.ts";
import {
  Answer,
  type Configuration,
  Failure,
  Identity,
  MIGRATION_UNKNOWN,
  parseSnapshot,
} from "../documents/mod.ts";
import { makeApp } from "./app.ts";

const DEVICE = mttyDevice().id;

/** Every path and its methods. */
const PATHS: readonly (readonly [path: string, methods: readonly string[]])[] = [
  ["/healthz", ["GET"]],
  ["/v1/devices", ["GET"]],
  [`/v1/devices/${DEVICE}`, ["GET"]],
  [`/v1/devices/${DEVICE}/identity`, ["GET"]],
  ["/v1/types", ["GET"]],
  ["/v1/configurations", ["GET"]],
  ["/v1/supported", ["GET"]],
  ["/v1/rules", ["GET"]],
  ["/metrics", ["GET"]],
  ["/v1/snapshot", ["GET"]],
  ["/v1/ask", ["POST"]],
  ["/v1/sessions", ["POST"]],
  ["/v1/sessions/1", ["DELETE", "GET"]],
  ["/v1/sessions/1/source", ["PUT"]],
  ["/v1/sessions/1/offers", ["GET"]],
  ["/v1/sessions/1/refusals", ["GET"]],
];

Deno.test("every path refuses other methods and names the supported ones", async () => {
  const { request } = makeTestApp();
  for (const [path, methods] of PATHS) {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      if (methods.includes(method)) continue;
      const response = await request(path, { method });
      const allow = response.headers.get("allow")?.split(/,\s*/).toSorted();
      assertEquals(allow?.filter((name) => name !== "HEAD"), methods, `${method} ${path}`);
      await problemOf(response, 405, "method-not-allowed");
    }
  }
});

Deno.test("lists name their snapshot and the problems", async () => {
  const problem = { code: "kernel", subject: "0000:41:00.1", sentence: "x", remedy: null } as const;
  const { get } = makeTestApp(mttySnapshot({ problems: [problem] }));
  for (const name of ["devices", "types", "configurations", "supported"]) {
    const list = await get<Record<string, unknown>>(`/v1/${name}`);
    assertEquals(Object.keys(list), ["schema", "snapshot", "takenAt", "host", name, "problems"]);
    assertEquals([list.schema, list.snapshot, list.problems], [`vfio-ask/${name}/v1`, 17, [
      problem,
    ]]);
    assert((list[name] as unknown[]).length > 0);
  }
});

Deno.test("documents match their schemas", async () => {
  const { get, ask } = makeTestApp();
  assertEquals(parseSnapshot(await get("/v1/snapshot")), mttySnapshot());
  Identity.parse(await get(`/v1/devices/${DEVICE}/identity`));
  Answer.parse(await (await ask("POST", "/v1/ask", mttyIdentity())).json());
});

Deno.test("a device's identity can be used as a source", async () => {
  const { get, ask } = makeTestApp();
  const identity = await get(`/v1/devices/${DEVICE}/identity`);
  const response = await ask("POST", "/v1/ask", identity);
  assertEquals([response.status, (await response.json()).source.id], [200, DEVICE]);
});

Deno.test("POST /v1/ask answers for several sources in their order", async () => {
  const { ask } = makeTestApp();
  const sources = ["a", "b"].map((id) => mttyIdentity({ id }));
  const { answers, snapshot } = await (await ask("POST", "/v1/ask", { sources })).json();
  assertEquals(answers.map(({ source }: Answer) => source.id), ["a", "b"]);
  assertEquals([snapshot, answers[0].offers.length], [17, 2]);
});

Deno.test("POST /v1/ask plans several sources without using a device twice", async () => {
  const { ask, state } = makeTestApp();
  const sources = ["a", "b"].map((id) => mttyIdentity({ id }));
  const { together } = await (await ask("POST", "/v1/ask", { sources })).json();
  const places = together.plans[0].placements.map((
    { source, configuration: { id, type } }: { source: string; configuration: Configuration },
  ) => [source, id ?? type]);
  assertEquals([together.verdict, places], ["compatible", [["a", DEVICE], ["b", "mtty-2"]]]);
  state.snapshot = { ...state.snapshot, types: [] };
  const alone = (await (await ask("POST", "/v1/ask", { sources })).json()).together;
  assertEquals([alone.verdict, alone.plans, alone.blocking.length], ["incompatible", [], 1]);
});

Deno.test("POST /v1/ask refuses a second source with the same id", async () => {
  const { ask } = makeTestApp();
  const sources = [mttyIdentity(), mttyIdentity()];
  const response = await ask("POST", "/v1/ask", { sources });
  assertEquals((await problemOf(response, 422, "identity-invalid")).pointer, "/sources/1/id");
});

Deno.test("?unknown=0 omits unknown offers and counts them", async () => {
  const { ask } = makeTestApp();
  const identity = mttyIdentity({ migration: MIGRATION_UNKNOWN });
  const offered = await (await ask("POST", "/v1/ask", identity)).json();
  assertEquals([offered.offers.length, offered.omitted], [2, 0]);
  const omitted = await (await ask("POST", "/v1/ask?unknown=0", identity)).json();
  assertEquals([omitted.offers.length, omitted.omitted], [0, 2]);
  const wrong = await ask("POST", "/v1/ask?unknown=maybe", identity);
  assertEquals((await problemOf(wrong, 400, "bad-request")).value, "maybe");
});

Deno.test("?order=available lists available offers first", async () => {
  const { ask, state } = makeTestApp();
  const use = { state: "in-use" as const, holder: null };
  state.snapshot = {
    ...state.snapshot,
    devices: state.snapshot.devices.map((device) => ({ ...device, kind: "pci", use })),
  };
  const namesOf = async (query: string) => {
    const { offers } = await (await ask("POST", `/v1/ask${query}`, mttyIdentity())).json();
    return offers.map(({ availability, order }: Answer["offers"][number]) => [
      availability.now,
      Object.keys(order)[1],
    ]);
  };
  assertEquals(await namesOf("?order=available"), [[true, "now"], [false, "now"]]);
  assertEquals((await namesOf("")).map(([, second]: string[]) => second), ["evidence", "evidence"]);
  const wrong = await ask("POST", "/v1/ask?order=cheapest", mttyIdentity());
  assertEquals((await problemOf(wrong, 400, "bad-request")).value, "cheapest");
});

Deno.test("/v1/supported lists supported types without a source", async () => {
  const { get } = makeTestApp();
  const { supported } = await get<{ supported: { type: string; verdict: string }[] }>(
    "/v1/supported",
  );
  assertEquals(supported.map(({ type, verdict }) => [type, verdict]), [
    ["mtty-1", "compatible"],
    ["mtty-2", "compatible"],
  ]);
});

Deno.test("/v1/rules and /metrics report the state of every rule file", async () => {
  const { get, request } = makeTestApp();
  const { files } = await get<{ files: { name: string; state: string }[] }>("/v1/rules");
  assert(files.some(({ name, state }) => name === "mtty.json" && state === "in-force"));
  const response = await request("/metrics");
  assertStringIncludes(response.headers.get("content-type")!, "text/plain; version=0.0.4");
  const text = await response.text();
  assertStringIncludes(text, `vfio_ask_rules_files{state="in-force"} ${files.length}\n`);
  assertStringIncludes(text, 'vfio_ask_rules_files{state="refused"} 0\n');
  assertStringIncludes(text, 'vfio_ask_devices{use="idle",uapi="v2"} 1\n');
});

Deno.test("an unknown device is a problem with a remedy", async () => {
  const { request } = makeTestApp();
  for (
    const path of ["/v1/devices/0000:41:00.1", "/v1/devices/x%2Fy/identity", "/v1/devices/%zz"]
  ) {
    const { remedy } = await problemOf(await request(path), 404, "device-unknown");
    assert(remedy !== null);
  }
});

Deno.test("an unknown path is a problem that lists the paths", async () => {
  const { request } = makeTestApp();
  for (const path of ["/v1", "/v1/devices/", "/v2/devices", "/v1/sessions/1/source/x", "/%"]) {
    const { remedy } = await problemOf(await request(path), 404, "not-found");
    for (const known of ["/healthz", "/v1/ask", "/v1/sessions/:id/source"]) {
      assertStringIncludes(String(remedy), known);
    }
  }
});

Deno.test("the server accepts local host names over TCP", async () => {
  const { request } = makeTestApp();
  for (const host of ["localhost", "LOCALHOST:7431", "127.0.0.1", "127.1.2.3:80", "[::1]:7431"]) {
    const response = await request("/v1/devices", { headers: { host } });
    await response.body?.cancel();
    assertEquals(response.status, 200, host);
  }
});

Deno.test("a foreign Host is refused for every path", async () => {
  const { request } = makeTestApp();
  const foreign = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", ""];
  for (const host of [...foreign, "10.0.0.1", "evil.example:127.0.0.1"]) {
    for (const path of ["/v1/devices", "/nowhere"]) {
      const response = await request(path, { headers: { host } });
      await problemOf(response, 403, "forbidden-host");
    }
  }
});

Deno.test("the server accepts any Host over a Unix socket", async () => {
  const app = makeApp(appWorld());
  const request = new Request("http://vfio-ask/healthz", { headers: { host: "vfio-ask" } });
  const response = await app.fetch(request, { unix: true });
  assertEquals((await response.json()).version, "1.2.3");
  const again = new Request("http://vfio-ask/healthz", { headers: { host: "vfio-ask" } });
  await problemOf(await app.fetch(again, { unix: false }), 403, "forbidden-host");
});

Deno.test("a foreign Origin is refused and cannot open a session", async () => {
  const { request, get } = makeTestApp();
  const origins = ["https://evil.example", "http://127.0.0.1:8000", "null", "x"];
  for (const origin of origins) {
    const headers = { host: "127.0.0.1:7431", origin };
    const response = await request("/v1/sessions", { method: "POST", headers });
    assertEquals(response.headers.get("access-control-allow-origin"), null);
    await problemOf(response, 403, "forbidden-origin");
  }
  assertEquals((await get<{ sessions: number }>("/healthz")).sessions, 0);
  const headers = { host: "127.0.0.1:7431", origin: "http://127.0.0.1:7431" };
  const response = await request("/v1/devices", { headers });
  await response.body?.cancel();
  assertEquals(response.status, 200);
});

Deno.test("every response has a request ID, the caller's own if it is valid", async () => {
  const { request } = makeTestApp();
  for (const path of ["/v1/devices", "/nowhere"]) {
    for (
      const [given, kept] of [["req-1.a_B", true], ["two words", false], [
        `${"x".repeat(65)}`,
        false,
      ]]
    ) {
      const response = await request(path, { headers: { "x-request-id": String(given) } });
      await response.body?.cancel();
      const id = response.headers.get("x-request-id");
      assert(id !== null && id !== "");
      assertEquals(id === given, kept);
    }
  }
});

Deno.test("no response may be cached", async () => {
  const { request } = makeTestApp();
  for (const path of ["/v1/devices", "/nowhere"]) {
    const response = await request(path);
    await response.body?.cancel();
    assertEquals(response.headers.get("cache-control"), "no-store");
  }
});

Deno.test("a failure to observe the host is a problem and logged, and the server continues", async () => {
  const failure = new Failure("kernel", "Cannot read /proc", {
    subject: "/proc",
    remedy: "Mount it.",
  });
  let broken = true;
  const lines: string[] = [];
  const app = makeApp(appWorld({
    newest: () => broken ? Promise.reject(failure) : Promise.resolve(mttySnapshot()),
    log: recordLog(lines),
  }));
  for (const id of ["first", "second"]) {
    const headers = { "x-request-id": id };
    const response = await app.request("http://127.0.0.1/v1/devices", { headers });
    const { detail, remedy } = await problemOf(response, 500, "internal");
    assertEquals([detail, remedy], ["Cannot read /proc", "Mount it."]);
    assertStringIncludes(
      lines.pop()!,
      `error: refused request ${id}: Cannot read /proc request=${id} `,
    );
  }
  broken = false;
  const response = await app.request("http://127.0.0.1/v1/devices");
  assertStringIncludes(await response.text(), DEVICE);
  assertEquals(lines, []);
});

Deno.test("/healthz and /metrics do not observe the host", async () => {
  const app = makeApp(appWorld({
    newest: () => Promise.reject(new Error("looked at the host")),
  }));
  for (const path of ["/healthz", "/metrics"]) {
    const response = await app.request(`http://127.0.0.1${path}`);
    await response.body?.cancel();
    assertEquals([path, response.status], [path, 200]);
  }
});

Deno.test("HEAD is answered like GET, without a body", async () => {
  const { request } = makeTestApp();
  const response = await request("/v1/devices", { method: "HEAD" });
  assertEquals([response.status, await response.text()], [200, ""]);
});
