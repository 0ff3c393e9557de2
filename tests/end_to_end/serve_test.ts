import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Offer } from "../../src/documents/mod.ts";
import { parseLines } from "../fixtures/lines.ts";
import { askUnix, json, openWorkplace, run, startServer } from "./program.ts";

const GPU = "3a6f0d52-8c1e-4b7a-9f25-61d0e4c7a101";

Deno.test("serve answers a whole session over TCP", async () => {
  await using place = await openWorkplace();
  await using server = await startServer(place);
  const { base } = server;
  const source = await json(await fetch(`${base}/v1/devices/${GPU}/identity`));
  const opened = await fetch(`${base}/v1/sessions`, { method: "POST" });
  const session = base + opened.headers.get("location")!;
  await json(opened, 201);
  const headers = { "content-type": "application/json" };
  await json(
    await fetch(`${session}/source`, { method: "PUT", body: JSON.stringify(source), headers }),
  );
  const { offers } = await json(await fetch(`${session}/offers`)) as unknown as { offers: Offer[] };
  assert(offers.length > 0);
  assert(offers.every(({ configuration }) => configuration.type === source.type));
  const lines = await fetch(`${session}/offers`, { headers: { accept: "application/x-ndjson" } });
  const { items, end } = parseLines(await lines.text());
  assertEquals([items.length, end.complete], [offers.length, true]);
  const closed = await fetch(session, { method: "DELETE" });
  assertEquals([closed.status, await closed.text()], [204, ""]);
});

Deno.test("serve answers over a Unix socket, which only owner and group may use", async () => {
  await using place = await openWorkplace();
  const path = `${place.folder}/ask.sock`;
  await using server = await startServer(place, { args: ["--listen", "none", "--unix", path] });
  assertStringIncludes(server.said, `unix:${path}`);
  assertEquals(server.base, "");
  assertEquals(Deno.lstatSync(path).mode! & 0o777, 0o660);
  const listed = await askUnix(path, { target: "/v1/devices" });
  assertEquals([listed.status, JSON.parse(listed.body).devices.length], [200, 9]);
  const identity = await askUnix(path, { target: `/v1/devices/${GPU}/identity` });
  const asked = await askUnix(path, { method: "POST", target: "/v1/ask", body: identity.body });
  assertEquals([asked.status, JSON.parse(asked.body).source.id], [200, GPU]);
});

Deno.test("serve answers over both at once, of the same sessions", async () => {
  await using place = await openWorkplace();
  const path = `${place.folder}/ask.sock`;
  const args = ["--listen", "127.0.0.1:0", "--unix", path];
  await using server = await startServer(place, { args });
  const { body, status } = await askUnix(path, { method: "POST", target: "/v1/sessions" });
  assertEquals(status, 201);
  const { id } = JSON.parse(body);
  assertEquals((await json(await fetch(`${server.base}/v1/sessions/${id}`))).id, id);
});

Deno.test("serve comes to know what its devices say, without being asked to", async () => {
  await using place = await openWorkplace();
  await using server = await startServer(place);
  for (let tries = 0;; tries++) {
    const { migration } = await json(await fetch(`${server.base}/v1/devices/${GPU}`)) as {
      migration: { observed: string; uapi: string };
    };
    if (migration.observed === "inferred") {
      assertEquals(migration.uapi, "v2");
      return;
    }
    assert(tries < 600, "no device has answered");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

Deno.test("serve keeps many users at once apart", async () => {
  await using place = await openWorkplace();
  await using server = await startServer(place);
  const { base } = server;
  const source = await json(await fetch(`${base}/v1/devices/${GPU}/identity`));
  const headers = { "content-type": "application/json" };
  const user = async (number: number) => {
    const opened = await json(await fetch(`${base}/v1/sessions`, { method: "POST" }), 201);
    const session = `${base}/v1/sessions/${opened.id}`;
    const body = JSON.stringify({ ...source, id: `source-${number}` });
    await json(await fetch(`${session}/source`, { method: "PUT", body, headers }));
    const { source: mine } = await json(await fetch(`${session}/offers`)) as {
      source: { id: string };
    };
    return mine.id;
  };
  const numbers = Array.from({ length: 50 }, (_, number) => number);
  assertEquals(await Promise.all(numbers.map(user)), numbers.map((number) => `source-${number}`));
});

Deno.test("serve answers on after requests that are none", async () => {
  await using place = await openWorkplace();
  const path = `${place.folder}/ask.sock`;
  await using _ = await startServer(place, { args: ["--listen", "none", "--unix", path] });
  for (const text of ["\x00\x01\x02\r\n\r\n", "GET /\r\n\r\n", "PUT / HTTP/1.1\r\n", ""]) {
    using connection = await Deno.connect({ transport: "unix", path });
    if (text !== "") await connection.write(new TextEncoder().encode(text));
  }
  const bad = await askUnix(path, { method: "POST", target: "/v1/ask", body: "{" });
  assertEquals([bad.status, JSON.parse(bad.body).type], [400, "urn:vfio-ask:problem:not-json"]);
  assertEquals((await askUnix(path, { target: "/healthz" })).status, 200);
});

Deno.test("serve refuses a body that is too large, whether it says so or not", async () => {
  await using place = await openWorkplace();
  await using server = await startServer(place);
  const bytes = new Uint8Array(6 << 20).fill(0x20);
  const streamed = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += 65536) {
          controller.enqueue(bytes.subarray(at, at + 65536));
        }
        controller.close();
      },
    });
  const headers = { "content-type": "application/json" };
  // A client that is still sending may find the connection closed before it reads the answer.
  const send = async (body: () => BodyInit) => {
    for (let turn = 0; turn < 20; turn++) {
      using client = Deno.createHttpClient({});
      const request = { method: "POST", body: body(), headers, client };
      const response = await fetch(`${server.base}/v1/ask`, request).catch(() => null);
      if (response !== null) return (await json(response, 413)).type;
    }
    return "no answer was read";
  };
  assertEquals(await send(() => bytes), "urn:vfio-ask:problem:too-large");
  assertEquals(await send(streamed), "urn:vfio-ask:problem:too-large");
  // Of a connection that was closed meanwhile, nothing is used again.
  using client = Deno.createHttpClient({});
  assertEquals((await json(await fetch(`${server.base}/healthz`, { client }))).ok, true);
});

Deno.test("serve listens where its options say, with any DENO_SERVE_ADDRESS", async () => {
  await using place = await openWorkplace();
  const elsewhere = `${place.folder}/elsewhere.sock`;
  const extra = { DENO_SERVE_ADDRESS: `unix:${elsewhere}` };
  await using server = await startServer(place, { extra });
  assertEquals((await json(await fetch(`${server.base}/healthz`))).ok, true);
  assertEquals(
    Array.from(Deno.readDirSync(place.folder), ({ name }) => name).includes("elsewhere.sock"),
    false,
  );
});

Deno.test("serve exits with 2 if the address is in use", async () => {
  await using place = await openWorkplace();
  const path = `${place.folder}/ask.sock`;
  const args = ["--listen", "127.0.0.1:0", "--unix", path];
  await using server = await startServer(place, { args });
  const address = server.base.slice("http://".length);
  for (const again of [["--listen", address], ["--listen", "none", "--unix", path]]) {
    const { code, out, err } = await run(place, ["serve", "--simulate", "gpu-host", ...again]);
    assertEquals([code, out], [2, ""], err);
    assertStringIncludes(
      err,
      `Cannot listen on ${again.at(-1)}: the address is in use. Stop the server`,
    );
  }
  assertEquals((await askUnix(path, { target: "/healthz" })).status, 200);
  assertEquals(place.leftovers().length, 1);
});

Deno.test("serve leaves a file alone that is no socket, and a folder that is not there", async () => {
  await using place = await openWorkplace();
  await Deno.writeTextFile(`${place.folder}/file`, "kept");
  for (const path of [`${place.folder}/file`, `${place.folder}/none/ask.sock`]) {
    const listen = ["--listen", "none", "--unix", path];
    const { code, err } = await run(place, ["serve", "--simulate", "gpu-host", ...listen]);
    assertEquals(code, 2, err);
    assertStringIncludes(err, `Cannot listen on ${path}`);
  }
  assertEquals(await Deno.readTextFile(`${place.folder}/file`), "kept");
  assertEquals(place.leftovers(), []);
});
