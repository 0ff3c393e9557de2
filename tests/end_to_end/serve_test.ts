import { assert, assertArrayIncludes, assertEquals, assertStringIncludes } from "@std/assert";
import type { Offer, Outcome, Outcomes } from "../../src/documents/mod.ts";
import { readLedger } from "../../src/ledger/mod.ts";
import { listenersOf } from "./listeners.ts";
import { parseLines } from "../fixtures/lines.ts";
import { openWorkerService } from "../fixtures/worker_service.ts";
import { simulateWorld } from "../fixtures/world.ts";
import { isNewerDeno } from "../fixtures/runtime.ts";
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

Deno.test("serve answers over a Unix socket, which only its own user may use", async () => {
  await using place = await openWorkplace();
  const path = `${place.folder}/ask.sock`;
  await using server = await startServer(place, { args: ["--listen", "none", "--unix", path] });
  assertStringIncludes(server.said, `unix:${path}`);
  assertEquals(server.base, "");
  assertEquals(Deno.lstatSync(path).mode! & 0o777, 0o600);
  const listed = await askUnix(path, { target: "/v1/devices" });
  assertEquals([listed.status, JSON.parse(listed.body).devices.length], [200, 9]);
  const identity = await askUnix(path, { target: `/v1/devices/${GPU}/identity` });
  const asked = await askUnix(path, { method: "POST", target: "/v1/ask", body: identity.body });
  assertEquals([asked.status, JSON.parse(asked.body).source.id], [200, GPU]);
});

const TOKEN = "0123456789abcdef0123456789abcdef";

Deno.test("serve starts preflights for a token of a file or of a credential, and names each refusal", async () => {
  await using place = await openWorkplace();
  const path = `${place.folder}/token`;
  await Deno.writeTextFile(path, `${TOKEN}\n`, { mode: 0o600 });
  const tcp = ["--listen", "127.0.0.1:0"];
  for (
    const options of [
      { args: [...tcp, "--token-file", path] },
      { args: tcp, extra: { CREDENTIALS_DIRECTORY: place.folder } },
    ]
  ) {
    await using server = await startServer(place, options);
    const test = async (authorization: Record<string, string>) => {
      const headers = { "content-type": "application/json", ...authorization };
      const request = { method: "POST", body: "{}", headers };
      const response = await fetch(`${server.base}/v1/test`, request);
      const { type } = await response.json();
      return [response.status, type, response.headers.get("x-request-id")];
    };
    const [status, type, id] = await test({});
    assertEquals([status, type], [403, "urn:vfio-ask:problem:not-authorised"]);
    // The body has no target.
    assertEquals((await test({ authorization: `Bearer ${TOKEN}` }))[0], 400);
    await server.stop();
    const log = await Deno.readTextFile(`${place.folder}/stderr`);
    assertStringIncludes(log, `refused request ${id}: `);
    assertStringIncludes(log, "problem=not-authorised");
    assertEquals(log.includes(TOKEN), false);
  }
});

Deno.test("serve records an outcome for a token through the worker service, and lists it", async () => {
  await using place = await openWorkplace();
  await using host = simulateWorld("gpu-host");
  await using service = openWorkerService(host, { scenario: "gpu-host" });
  const { roots, stateDirectory } = host.world;
  const token = `${place.folder}/token`;
  await Deno.writeTextFile(token, `${TOKEN}\n`, { mode: 0o600 });
  const where = { sysfs: roots.sys, dev: roots.dev, proc: roots.proc, state: stateDirectory! };
  const args = [
    ...["--listen", "127.0.0.1:0", "--token-file", token, "--worker", service.path],
    ...Object.entries(where).flatMap(([option, path]) => [`--${option}`, path]),
  ];
  await using server = await startServer(place, { args });
  const url = `${server.base}/v1/outcomes`;
  const source = await json(await fetch(`${server.base}/v1/devices/${GPU}/identity`));
  const body = JSON.stringify({ source, target: GPU, result: "ok", vm: "web-1" });
  const headers = { "content-type": "application/json" };
  const refused = await fetch(url, { method: "POST", body, headers });
  assertEquals((await json(refused, 403)).type, "urn:vfio-ask:problem:not-authorised");
  assertEquals(readLedger(stateDirectory).outcomes, []);
  const authorization = `Bearer ${TOKEN}`;
  const made = await fetch(url, { method: "POST", body, headers: { ...headers, authorization } });
  const outcome = await json(made, 201) as unknown as Outcome;
  assertEquals([outcome.result, outcome.target.id, outcome.vm], ["ok", GPU, "web-1"]);
  assert(service.started.length > 0);
  assertEquals(readLedger(stateDirectory).outcomes, [outcome]);
  const { outcomes } = await json(await fetch(url)) as unknown as Outcomes;
  assertEquals(outcomes, [outcome]);
});

Deno.test("serve starts preflights over the Unix socket for its own user", async () => {
  await using place = await openWorkplace();
  const path = `${place.folder}/ask.sock`;
  await using _ = await startServer(place, { args: ["--listen", "none", "--unix", path] });
  const { status } = await askUnix(path, { method: "POST", target: "/v1/test", body: "{}" });
  assertEquals(status, 400);
});

Deno.test("serve exits with 2 if its token or its group cannot be used", async () => {
  await using place = await openWorkplace();
  const path = `${place.folder}/token`;
  await Deno.writeTextFile(path, TOKEN);
  await Deno.chmod(path, 0o644);
  const unix = ["--listen", "none", "--unix", `${place.folder}/ask.sock`];
  for (
    const [args, said] of [
      [["--token-file", path], "chmod o="],
      [["--token-file", `${path}x`], `${path}x`],
      [[...unix, "--group", "no-such-group"], "--group no-such-group"],
      [["--group", "root"], "--group without --unix"],
    ] as const
  ) {
    const { code, err } = await run(place, ["serve", "--simulate", "gpu-host", ...args]);
    assertEquals(code, 2, err);
    assertStringIncludes(err, said);
  }
  assertEquals(place.leftovers(), []);
});

Deno.test("serve is ready after its first look, and measures what it does", async () => {
  await using place = await openWorkplace();
  await using server = await startServer(place);
  const { base } = server;
  // The list waits for the first look.
  await json(await fetch(`${base}/v1/devices`));
  while ((await fetch(`${base}/readyz`).then((r) => [r.status, r.body?.cancel()]))[0] !== 200) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const source = await (await fetch(`${base}/v1/devices/${GPU}/identity`)).text();
  const headers = { "content-type": "application/json" };
  const metric = async (name: string) => {
    const text = await (await fetch(`${base}/metrics`)).text();
    return Number(text.split("\n").find((line) => line.startsWith(`${name} `))?.split(" ").at(-1));
  };
  assertEquals(await metric("vfio_ask_ask_duration_seconds_count"), 0);
  await json(await fetch(`${base}/v1/ask`, { method: "POST", body: source, headers }));
  assertEquals(await metric("vfio_ask_ask_duration_seconds_count"), 1);
  assert(await metric("vfio_ask_scan_duration_seconds_count") > 0);
  while (await metric("vfio_ask_probe_duration_seconds_count") === 0) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assertEquals(await metric(`vfio_ask_http_requests_total{route="POST /v1/ask",code="2xx"}`), 1);
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

Deno.test("serve refuses headers and paths that are too large, in any number and size", async () => {
  await using place = await openWorkplace();
  const path = `${place.folder}/ask.sock`;
  await using _ = await startServer(place, { args: ["--listen", "none", "--unix", path] });
  const statusOf = async (target: string, fields: string) => {
    using connection = await Deno.connect({ transport: "unix", path });
    const text = `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields}\r\n`;
    const bytes = new TextEncoder().encode(text);
    // The server closes the connection while a very large header is sent.
    const send = async () => {
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    };
    await send().catch(() => {});
    const buffer = new Uint8Array(64);
    const read = await connection.read(buffer);
    const [, status] = new TextDecoder().decode(buffer.subarray(0, read ?? 0)).split(" ");
    return Number(status);
  };
  const fields = (count: number, value = "x") =>
    Array.from({ length: count }, (_, number) => `x-${number}: ${value}\r\n`).join("");
  assertEquals(await statusOf("/healthz", fields(50)), 200);
  // Beyond some number and size, the runtime refuses them itself.
  const refused = isNewerDeno ? [431, 400] : [431];
  for (const many of [fields(80), fields(1_000), fields(2, "x".repeat(10_000))]) {
    assertArrayIncludes(refused, [await statusOf("/healthz", many)]);
  }
  assertArrayIncludes(refused, [await statusOf("/healthz", fields(1, "x".repeat(200_000)))]);
  for (const length of [5_000, 100_000]) {
    const status = await statusOf(`/${"x".repeat(length)}`, "");
    assertArrayIncludes(isNewerDeno ? [414, 400] : [414], [status]);
  }
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

/** Variables with which the runtime would listen elsewhere; FOLDER and PORT are a test's own. */
const MOVERS: readonly Record<string, string>[] = [
  { DENO_SERVE_ADDRESS: "unix:FOLDER/elsewhere.sock" },
  { DENO_SERVE_ADDRESS: "duplicate,unix:FOLDER/elsewhere.sock" },
  { DENO_SERVE_ADDRESS: "tcp:0.0.0.0:PORT" },
  { DENO_SERVE_ADDRESS: "duplicate,tcp:0.0.0.0:PORT" },
  { DENO_AUTO_SERVE: "1", PORT: "PORT" },
  { NODE_OPTIONS: "--inspect=127.0.0.1:PORT", DENO_INSPECT: "127.0.0.1:PORT" },
];

for (const mover of MOVERS) {
  const name = `serve listens where its options say, with ${JSON.stringify(mover)}`;
  // A newer Deno opens an inspector for NODE_OPTIONS before the program begins.
  const ignore = isNewerDeno && "NODE_OPTIONS" in mover;
  Deno.test({ name, ignore }, async () => {
    await using place = await openWorkplace();
    const port = freePort();
    const extra = Object.fromEntries(
      Object.entries(mover).map(([name, value]) => [
        name,
        value.replace("FOLDER", place.folder).replace("PORT", String(port)),
      ]),
    );
    const path = `${place.folder}/ask.sock`;
    const args = ["--listen", "127.0.0.1:0", "--unix", path];
    await using server = await startServer(place, { extra, args });
    assertEquals((await json(await fetch(`${server.base}/healthz`))).ok, true);
    assertEquals(listenersOf(server.pid), [path, server.base.slice("http://".length)].sort());
  });
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

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
