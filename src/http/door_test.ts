import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { makeTestApp, problemOf, unharmed } from "../../tests/fixtures/test_app.ts";
import { BODY_LIMITS } from "./bodies.ts";

const JSON_TYPE = { "content-type": "application/json" };

Deno.test("a body with a too large declared size is refused before reading", async () => {
  await unharmed(async ({ request }, path) => {
    const headers = { ...JSON_TYPE, "content-length": String(BODY_LIMITS.bodyBytes + 1) };
    let read = 0;
    const body = new ReadableStream({ pull: () => void read++ }, { highWaterMark: 0 });
    const response = await request(`${path}/source`, { method: "PUT", body, headers });
    const { remedy } = await problemOf(response, 413, "too-large");
    assertStringIncludes(remedy!, String(BODY_LIMITS.bodyBytes));
    assertEquals(read, 0);
  });
});

Deno.test("a body that becomes too large is refused and not read further", async () => {
  await unharmed(async ({ request }, path) => {
    const chunk = new Uint8Array(1 << 20).fill(0x20);
    let given = 0;
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        given += chunk.length;
        controller.enqueue(chunk);
      },
      cancel: () => void (cancelled = true),
    }, { highWaterMark: 0 });
    const response = await request(`${path}/source`, { method: "PUT", body, headers: JSON_TYPE });
    await problemOf(response, 413, "too-large");
    assert(cancelled);
    assertLess(given, 2 * BODY_LIMITS.bodyBytes);
  });
});

Deno.test("a body of the maximum size is read", async () => {
  const { request } = makeTestApp();
  const identity = JSON.stringify(mttyIdentity());
  const body = identity + " ".repeat(BODY_LIMITS.bodyBytes - identity.length);
  const response = await request("/v1/ask", { method: "POST", body, headers: JSON_TYPE });
  await response.body?.cancel();
  assertEquals(response.status, 200);
});

Deno.test("a body that is not UTF-8 is refused", async () => {
  const { request } = makeTestApp();
  const body = new Uint8Array([0x22, 0xff, 0x22]);
  await problemOf(
    await request("/v1/ask", { method: "POST", body, headers: JSON_TYPE }),
    400,
    "not-json",
  );
});

Deno.test("a body of another media type is refused with a remedy", async () => {
  await unharmed(async ({ request }, path) => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/yaml"]) {
      const body = JSON.stringify(mttyIdentity());
      const headers = { "content-type": type };
      const response = await request(`${path}/source`, { method: "PUT", body, headers });
      const { remedy } = await problemOf(response, 415, "media-type");
      assertStringIncludes(remedy!, "application/json");
    }
  });
});

Deno.test("a body is read with media type parameters and with a +json media type", async () => {
  const { request } = makeTestApp();
  for (const type of ["application/json; charset=utf-8", "application/vnd.vfio-ask+json"]) {
    const body = JSON.stringify(mttyIdentity());
    const headers = { "content-type": type };
    const response = await request("/v1/ask", { method: "POST", body, headers });
    await response.body?.cancel();
    assertEquals(response.status, 200, type);
  }
});
