import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { appWorld, makeTestApp, problemOf, unharmed } from "../../tests/fixtures/test_app.ts";
import { BODY_LIMITS } from "./bodies.ts";
import { makeApp } from "./app.ts";
import { DOOR_LIMITS } from "./door.ts";

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

/** The status for headers, over TCP and over a Unix socket. */
async function statusesFor(headers: Record<string, string>): Promise<[tcp: number, unix: number]> {
  const app = makeApp(appWorld());
  const send = async (unix: boolean) => {
    const host = { host: "127.0.0.1:7431" };
    const request = new Request("http://127.0.0.1:7431/v1/devices", {
      headers: { ...host, ...headers },
    });
    const response = await app.fetch(request, { unix });
    await response.body?.cancel();
    return response.status;
  };
  return [await send(false), await send(true)];
}

Deno.test("a foreign Origin, Referer or Sec-Fetch-Site is refused over TCP and Unix sockets", async () => {
  const foreign: Record<string, string>[] = [
    "https://evil.example",
    "http://127.0.0.1:8000",
    "http://localhost:7431",
    "http://127.0.0.1",
    "http://127.0.0.1:7431.evil.example",
    "http://user@evil.example",
    "file:///etc",
    "null",
    "x",
    "",
  ].flatMap((url) => [{ origin: url }, { referer: url }]);
  for (const site of ["cross-site", "same-site", "x", ""]) foreign.push({ "sec-fetch-site": site });
  for (const headers of foreign) {
    assertEquals(await statusesFor(headers), [403, 403], JSON.stringify(headers));
  }
});

Deno.test("requests of programs and of the server's own page pass", async () => {
  const own: Record<string, string>[] = [
    {},
    { origin: "http://127.0.0.1:7431" },
    { referer: "http://127.0.0.1:7431/" },
    { referer: "http://127.0.0.1:7431/?device=1", "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
  ];
  for (const headers of own) {
    assertEquals(await statusesFor(headers), [200, 200], JSON.stringify(headers));
  }
  const tls = { origin: "https://vfio.example", host: "vfio.example" };
  assertEquals(await statusesFor(tls), [403, 200], "a proxy with TLS before the Unix socket");
});

Deno.test("a foreign host in the request line is refused, with any Host", async () => {
  const app = makeApp(appWorld());
  const headers = { host: "127.0.0.1:7431" };
  const request = new Request("http://evil.example/v1/devices", { headers });
  await problemOf(await app.fetch(request, { unix: false }), 403, "forbidden-host");
});

Deno.test("a path with its query is bounded", async () => {
  const { request } = makeTestApp();
  const most = `/${"x".repeat(DOOR_LIMITS.targetBytes - 1)}`;
  await problemOf(await request(most), 404, "not-found");
  for (const target of [`${most}x`, `/v1/devices?${most}`]) {
    const { remedy } = await problemOf(await request(target), 414, "target-too-long");
    assertStringIncludes(remedy!, String(DOOR_LIMITS.targetBytes));
  }
});

Deno.test("headers are bounded in number and size", async () => {
  const { request } = makeTestApp();
  const many = (count: number, value = "") =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n}`, value]));
  const fine = await request("/v1/devices", { headers: many(DOOR_LIMITS.headers) });
  await fine.body?.cancel();
  assertEquals(fine.status, 200);
  const value = "x".repeat(DOOR_LIMITS.headerBytes / 4);
  for (const headers of [many(DOOR_LIMITS.headers + 1), many(4, value)]) {
    const response = await request("/v1/devices", { headers });
    const { remedy } = await problemOf(response, 431, "headers-too-large");
    assertStringIncludes(remedy!, `${DOOR_LIMITS.headers} header fields`);
  }
});
