import { assertEquals, assertStringIncludes } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { makeTestApp, problemOf } from "../../tests/fixtures/test_app.ts";
import { MOST_CHARACTERS } from "./parameters.ts";

Deno.test("an unknown query parameter is refused with the known ones", async () => {
  const { ask } = makeTestApp();
  const response = await ask("POST", "/v1/ask?unknown=0&prefligth=1", mttyIdentity());
  const { parameter, remedy } = await problemOf(response, 400, "bad-request");
  assertEquals(parameter, "prefligth");
  assertStringIncludes(remedy!, "?preflight=");
  for (const path of ["/v1/devices", "/healthz", "/metrics", "/v1/sessions/x"]) {
    const refused = await ask("GET", `${path}?x=1`);
    const problem = await problemOf(refused, 400, "bad-request");
    assertEquals(problem.remedy, "This path has no query parameters.", path);
  }
});

Deno.test("a query parameter that is given twice is refused", async () => {
  const { ask } = makeTestApp();
  const response = await ask("POST", "/v1/ask?unknown=0&unknown=1", mttyIdentity());
  const { parameter, value } = await problemOf(response, 400, "bad-request");
  assertEquals([parameter, value], ["unknown", "1"]);
});

Deno.test("names in paths and values in queries are bounded, and shortened in the problem", async () => {
  const { ask } = makeTestApp();
  const long = "x".repeat(MOST_CHARACTERS + 1);
  const requests = [
    ["GET", `/v1/devices/${long}`],
    ["GET", `/v1/devices/${long}/identity`],
    ["DELETE", `/v1/sessions/${long}`],
    ["POST", `/v1/ask?order=${long}`],
  ] as const;
  for (const [method, path] of requests) {
    const response = await ask(method, path, method === "POST" ? mttyIdentity() : undefined);
    const text = JSON.stringify(await problemOf(response, 400, "bad-request"));
    assertStringIncludes(text, `at most ${MOST_CHARACTERS} characters`);
    assertEquals(text.includes(long), false);
  }
  const longest = await ask("GET", `/v1/devices/${long.slice(1)}`);
  await problemOf(longest, 404, "device-unknown");
});

Deno.test("odd queries are answered or refused, never an error of the server", async () => {
  const { ask } = makeTestApp();
  const queries = [
    "?",
    "?&&",
    "?%zz=1",
    "?=",
    "?unknown",
    "?unknown=%00",
    "?__proto__=1",
    "?%",
    "?a=b=c",
  ];
  for (const query of queries) {
    const response = await ask("POST", `/v1/ask${query}`, mttyIdentity());
    await response.body?.cancel();
    assertEquals([200, 400].includes(response.status), true, query);
  }
});
