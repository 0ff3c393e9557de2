import { assert, assertEquals } from "@std/assert";
import type { Offer } from "../../src/documents/mod.ts";
import { parseLines, readLinesOf } from "../fixtures/lines.ts";
import { json, openWorkplace, startServer } from "./program.ts";

const GPU = "3a6f0d52-8c1e-4b7a-9f25-61d0e4c7a101";
const USERS = 20;
/** What a test of random data may end with. */
const TESTED = ["DriverRefused", "DriverAccepted", "InitialDataShort", "NotTested", "TestFailed"];
const NDJSON = { accept: "application/x-ndjson" };
/** The token that permits preflights. */
const TOKEN = "token-of-a-test-from-end-to-end";
const WRITER = { "content-type": "application/json", authorization: `Bearer ${TOKEN}` };

/** The identity of a simulated device with initial data, as of another host. */
async function readSource(base: string): Promise<Record<string, unknown>> {
  let identity: Record<string, unknown>;
  for (let tries = 0;; tries++) {
    identity = await json(await fetch(`${base}/v1/devices/${GPU}/identity`));
    if ((identity.migration as { uapi: string }).uapi === "v2") break;
    assert(tries < 600, "no device has answered");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const bytes = crypto.getRandomValues(new Uint8Array(64));
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  const initialData = { base64: bytes.toBase64(), bytes: 64, sha256, origin: "self" };
  return { ...identity, initialData };
}

async function openSession(base: string): Promise<string> {
  const opened = await json(await fetch(`${base}/v1/sessions`, { method: "POST" }), 201);
  return `${base}/v1/sessions/${opened.id}`;
}

async function write(session: string, source: unknown, query = ""): Promise<void> {
  const request = { method: "PUT", body: JSON.stringify(source), headers: WRITER };
  await json(await fetch(`${session}/source${query}`, request));
}

Deno.test("serve gives concurrent readers and writers of sessions, with tests, each its own answer", async () => {
  await using place = await openWorkplace();
  const tokenFile = `${place.folder}/token`;
  await Deno.writeTextFile(tokenFile, TOKEN, { mode: 0o600 });
  await using server = await startServer(place, {
    args: ["--listen", "127.0.0.1:0", "--preflight=load", "--settle=0", "--token-file", tokenFile],
  });
  const source = await readSource(server.base);
  const user = async (number: number): Promise<void> => {
    const session = await openSession(server.base);
    const own = { ...source, id: `source-${number}` };
    await write(session, own, number % 2 === 0 ? "?preflight=1" : "");
    const read = async (part: string) => {
      const text = await (await fetch(`${session}/${part}`, { headers: NDJSON })).text();
      const { end } = parseLines(text);
      assertEquals([end.source.id, end.complete, end.reason], [own.id, true, null]);
      return text;
    };
    const [first, second] = await Promise.all([read("offers"), read("offers")]);
    assertEquals(second, first);
    assertEquals(await read("offers"), first);
    const { offers } = await json(await fetch(`${session}/offers`)) as unknown as {
      offers: Offer[];
    };
    const schema = "vfio-ask/offer/v1";
    assertEquals(parseLines(first).items, offers.map((offer) => ({ schema, ...offer })));
    const codes = offers.flatMap(({ reasons, warnings }) => [...reasons, ...warnings])
      .map(({ code }) => code);
    if (number % 2 === 0) assert(codes.some((code) => TESTED.includes(code)), codes.join());
    assertEquals(await read("refusals"), await read("refusals"));
    await write(session, { ...own, type: "other-1" });
    assertEquals(parseLines(await read("offers")).items, []);
    await (await fetch(session, { method: "DELETE" })).body?.cancel();
  };
  await Promise.all(Array.from({ length: USERS }, (_, number) => user(number)));
  assertEquals((await json(await fetch(`${server.base}/healthz`))).sessions, 0);
});

Deno.test("serve closes the streams of readers that go away, and stops with one open", async () => {
  await using place = await openWorkplace();
  await using server = await startServer(place);
  const source = await readSource(server.base);
  const request = {
    method: "POST",
    body: JSON.stringify(source),
    headers: { ...NDJSON, ...WRITER },
  };
  const url = `${server.base}/v1/ask?refusals=each&offers=all`;
  // More than may be open at the same time.
  for (let turn = 0; turn < 100; turn++) {
    using client = Deno.createHttpClient({});
    const response = await fetch(url, { ...request, client });
    assertEquals(response.status, 200);
    await response.body!.cancel();
  }
  const lines = readLinesOf(await fetch(url, request));
  assert(await lines.next() !== null);
  const stopped = server.stop();
  let last = null;
  for (let next = await lines.next(); next !== null; next = await lines.next()) last = next;
  assertEquals([last?.schema, last?.complete], ["vfio-ask/end/v1", true]);
  assertEquals((await stopped).code, 0);
});
