import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { makeTestApp, problemOf, unharmed } from "../../tests/fixtures/test_app.ts";

const JSON_TYPE = { "content-type": "application/json" };

/** An identity with one changed value. */
function wrong(field: string, value: unknown): Record<string, unknown> {
  return { ...mttyIdentity(), [field]: value };
}

function without(field: string): Record<string, unknown> {
  const { [field]: _, ...rest } = { ...mttyIdentity() } as Record<string, unknown>;
  return rest;
}

/** Bodies that are not an identity, with the expected problem, place and value. */
const BODIES: readonly {
  name: string;
  body: string;
  expect: [status: number, problem: string, pointer?: string, value?: unknown];
}[] = [
  { name: "nothing", body: "", expect: [400, "not-json"] },
  { name: "no JSON", body: "{ schema: 1", expect: [400, "not-json"] },
  { name: "JSON cut short", body: '{"schema":"vfio-ask', expect: [400, "not-json"] },
  { name: "null", body: "null", expect: [422, "identity-invalid", ""] },
  { name: "an array", body: "[]", expect: [422, "identity-invalid", ""] },
  { name: "a number", body: "17", expect: [422, "identity-invalid", ""] },
  {
    name: "another schema",
    body: JSON.stringify(wrong("schema", "vfio-ask/snapshot/v1")),
    expect: [422, "schema-unsupported", "/schema", "vfio-ask/snapshot/v1"],
  },
  {
    name: "a newer version of the schema",
    body: JSON.stringify(wrong("schema", "vfio-ask/identity/v2")),
    expect: [422, "schema-unsupported", "/schema", "vfio-ask/identity/v2"],
  },
  {
    name: "no schema",
    body: JSON.stringify(without("schema")),
    expect: [422, "identity-invalid", "/schema", null],
  },
  {
    name: "no type",
    body: JSON.stringify(without("type")),
    expect: [422, "identity-invalid", "/type", null],
  },
  {
    name: "a number for a driver's name",
    body: JSON.stringify(wrong("driver", { ...mttyIdentity().driver, name: 17 })),
    expect: [422, "identity-invalid", "/driver/name", 17],
  },
  {
    name: "an unknown kind",
    body: JSON.stringify(wrong("kind", "usb")),
    expect: [422, "identity-invalid", "/kind", "usb"],
  },
];

for (const { name, body, expect: [status, problem, pointer, value] } of BODIES) {
  Deno.test(`a source that is ${name} is refused, and the session keeps its source`, async () => {
    await unharmed(async ({ request }, path) => {
      for (const [method, to] of [["PUT", `${path}/source`], ["POST", "/v1/ask"]] as const) {
        const response = await request(to, { method, body, headers: JSON_TYPE });
        const document = await problemOf(response, status, problem);
        assert(document.remedy !== null);
        if (pointer !== undefined) assertEquals(document.pointer, pointer);
        if (value !== undefined) assertEquals(document.value, value);
      }
    });
  });
}

Deno.test("the remedy for a newer schema names the supported one", async () => {
  const { ask } = makeTestApp();
  const response = await ask("POST", "/v1/ask", wrong("schema", "vfio-ask/identity/v2"));
  const { remedy } = await problemOf(response, 422, "schema-unsupported");
  assertStringIncludes(remedy!, "vfio-ask/identity/v1");
});

Deno.test("all invalid fields are reported at once", async () => {
  const { ask } = makeTestApp();
  const { errors } = await problemOf(
    await ask("POST", "/v1/ask", { ...without("type"), kind: "usb" }),
    422,
    "identity-invalid",
  );
  const pointers = (errors as { pointer: string }[]).map(({ pointer }) => pointer);
  assertEquals(pointers.sort(), ["/kind", "/type"]);
});

Deno.test("an invalid source among several is named by its index", async () => {
  const { ask } = makeTestApp();
  const sources = [mttyIdentity(), wrong("kind", "usb")];
  const { pointer } = await problemOf(
    await ask("POST", "/v1/ask", { sources }),
    422,
    "identity-invalid",
  );
  assertEquals(pointer, "/sources/1/kind");
});

Deno.test("no sources, too many sources, or a value that is not an array are refused", async () => {
  const { ask } = makeTestApp();
  const many = Array.from({ length: 65 }, () => mttyIdentity());
  for (const sources of [[], many, "mtty", null, { 0: mttyIdentity() }]) {
    const response = await ask("POST", "/v1/ask", { sources });
    const { pointer } = await problemOf(response, 422, "identity-invalid");
    assertEquals(pointer, "/sources");
  }
});

Deno.test("a document with thousands of errors gets a short answer", async () => {
  const { ask } = makeTestApp();
  const migration = { ...mttyIdentity().migration, arcs: Array.from({ length: 20_000 }, () => 0) };
  const response = await ask("POST", "/v1/ask", wrong("migration", migration));
  assertEquals(response.status, 422);
  assertLess((await response.text()).length, 64 << 10);
});

Deno.test("a document that is nested too deeply is refused without a server error", async () => {
  const { request } = makeTestApp();
  const deep = "[".repeat(500_000) + "]".repeat(500_000);
  for (const field of ["id", "later"]) {
    const identity = JSON.stringify(wrong(field, null)).replace(
      `"${field}":null`,
      `"${field}":${deep}`,
    );
    const response = await request("/v1/ask", {
      method: "POST",
      body: identity,
      headers: JSON_TYPE,
    });
    await response.body?.cancel();
    assertLess(response.status, 500, `${field}: ${response.status}`);
  }
});

/** Requests with a text of the client in the query, the path or a header. */
const CALLERS: readonly {
  where: string;
  request: (text: string) => [method: string, path: string, headers?: HeadersInit];
}[] = [
  ...["unknown", "preflight", "order", "offers", "refusals", "plans"].map((name) => ({
    where: `?${name}`,
    request: (text: string): [string, string] => [
      "POST",
      `/v1/ask?${name}=${encodeURIComponent(text)}`,
    ],
  })),
  ...["/v1/devices/", "/v1/sessions/", "/v1/nowhere/", "/v1/types/"].map((path) => ({
    where: path,
    request: (text: string): [string, string] => ["GET", `${path}${encodeURIComponent(text)}`],
  })),
  {
    where: "a session's offers",
    request: (text) => ["GET", `/v1/sessions/${encodeURIComponent(text)}/offers`],
  },
  {
    where: "a method that is not for the path",
    request: (text) => ["PATCH", `/v1/devices/${encodeURIComponent(text)}`],
  },
  {
    where: "the Origin",
    request: (text) => ["GET", "/v1/devices", { origin: encodeURIComponent(text) }],
  },
];

for (const { where, request } of CALLERS) {
  Deno.test(`the problem for ${where} escapes and shortens the text of the client`, async () => {
    const app = makeTestApp();
    for (const text of ["\x1b[2J\x9b\x07", "x".repeat(5000), "\x1b".repeat(5000)]) {
      const [method, path, headers = {}] = request(text);
      const body = method === "POST" ? mttyIdentity() : undefined;
      const response = await app.ask(method, path, body, headers);
      assert(response.status >= 400 && response.status < 500, String(response.status));
      const { detail, remedy, value } = await response.json();
      assertEquals(/\p{Cc}/u.test(`${detail}${remedy}`), false, detail);
      assertLess(detail.length, 700);
      assertLess(JSON.stringify(value ?? null).length, 300);
    }
  });
}

Deno.test("the error for invalid JSON escapes control characters", async () => {
  const { request } = makeTestApp();
  const init = { method: "POST", body: "\x1b[2J\x9b", headers: JSON_TYPE };
  const { detail } = await problemOf(await request("/v1/ask", init), 400, "not-json");
  assertEquals(/\p{Cc}/u.test(detail), false, detail);
});
