import { isNewerDeno } from "../../tests/fixtures/runtime.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BODY_LIMITS, type BodyLimits, makeBodyReader, type WithBody } from "./bodies.ts";
import { listen } from "./listen.ts";
import { asHttpProblem, HttpProblem, toResponse } from "./problem.ts";

const LIMITS: BodyLimits = { ...BODY_LIMITS, bodyBytes: 1000, inFlightBytes: 1500, readMs: 60_000 };

const post = (body: BodyInit) =>
  new Request("http://localhost/", {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });

async function problemOf(reader: WithBody, body: BodyInit): Promise<string> {
  const error = await assertRejects(
    () => reader(post(body), () => Promise.resolve(null)),
    HttpProblem,
  );
  return `${error.problem}: ${error.message}`;
}

/** A body whose first part arrives at once, and the rest after `finish()`. */
function slowBody(first: string) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode(first));
      controller.enqueue(new TextEncoder().encode(await promise));
      controller.close();
    },
  });
  return { body, finish: resolve };
}

Deno.test("makeBodyReader() returns a body and its size", async () => {
  const read = makeBodyReader(LIMITS);
  const got = await read(
    post('{"a":[1,"é"]}'),
    ({ json, bytes }) => Promise.resolve([json, bytes]),
  );
  assertEquals(got, [{ a: [1, "é"] }, 14]);
});

Deno.test("makeBodyReader() limits nesting and values before parsing", async () => {
  const read = makeBodyReader({ ...LIMITS, depth: 3, values: 5 });
  assertStringIncludes(await problemOf(read, "[[[[]]]]"), "too-large: The body is nested deeper");
  assertStringIncludes(await problemOf(read, "[1,2,3,4,5]"), "contains more than 5 values");
  // Brackets in a string do not count, and an escaped quote does not end it.
  const text = JSON.stringify(['[[[[[[,,,,,,"[[[[']);
  assertEquals(await read(post(text), ({ json }) => Promise.resolve(json)), JSON.parse(text));
});

Deno.test("makeBodyReader() limits the bodies in flight, and accepts more after answers", async () => {
  const read = makeBodyReader(LIMITS);
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const large = JSON.stringify("x".repeat(900));
  const first = read(post(large), async () => {
    reached.resolve();
    await held;
    return "answered";
  });
  await reached.promise;
  assertStringIncludes(await problemOf(read, large), "too-busy: ");
  release();
  assertEquals(await first, "answered");
  assertEquals(await read(post(large), () => Promise.resolve("answered")), "answered");
});

Deno.test("makeBodyReader() does not count failed bodies as in flight", async () => {
  const read = makeBodyReader(LIMITS);
  for (let turn = 0; turn < 5; turn++) {
    assertStringIncludes(await problemOf(read, "x".repeat(900)), "not-json: ");
    assertStringIncludes(await problemOf(read, "x".repeat(1001)), "too-large: ");
    await assertRejects(() => read(post("1"), () => Promise.reject(new Error("no"))), Error, "no");
  }
  assertEquals(await read(post("1".repeat(900)), () => Promise.resolve("taken")), "taken");
});

Deno.test("makeBodyReader() limits the time for the rest of a body", async () => {
  const read = makeBodyReader({ ...LIMITS, readMs: 20 });
  const { body, finish } = slowBody("[1,");
  assertStringIncludes(await problemOf(read, body), "too-slow: The body did not arrive");
  finish("2]");
});

Deno.test("makeBodyReader() reads a body in chunks that split a character", async () => {
  const read = makeBodyReader(LIMITS);
  const bytes = new TextEncoder().encode('"é"');
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
      controller.close();
    },
  });
  assertEquals(await read(post(body), ({ json }) => Promise.resolve(json)), "é");
});

/** A request with a small declared body, as for most identities. */
const declared = (body: BodyInit, bytes: number) => {
  const request = post(body);
  request.headers.set("content-length", `${bytes}`);
  return request;
};

Deno.test("makeBodyReader() applies the same limits to a body with a small declared size", async () => {
  const read = makeBodyReader({ ...LIMITS, readMs: 20 });
  const got = await read(
    declared('{"a":1}', 7),
    ({ json, bytes }) => Promise.resolve([json, bytes]),
  );
  assertEquals(got, [{ a: 1 }, 7]);
  const empty = new Request("http://localhost/", {
    method: "POST",
    headers: { "content-length": "0" },
  });
  const { body, finish } = slowBody("[1,");
  const gone = new ReadableStream({ start: (controller) => controller.error(new Error("reset")) });
  const wrong: [Request, string][] = [
    [empty, "not-json: The body is empty"],
    [declared(body, 5), "too-slow: The body did not arrive"],
    [declared(gone, 5), "client-gone: "],
    [declared("x".repeat(1001), 1001), "too-large: "],
  ];
  for (const [request, words] of wrong) {
    const error = await assertRejects(() => read(request, () => Promise.resolve()), HttpProblem);
    assertStringIncludes(`${error.problem}: ${error.message}`, words);
  }
  finish("2]");
});

Deno.test("makeBodyReader() reports a client that closed the connection", async () => {
  const body = new ReadableStream({
    start: (controller) => controller.error(new Error("connection reset")),
  });
  assertStringIncludes(await problemOf(makeBodyReader(LIMITS), body), "client-gone: ");
});

Deno.test({
  name: "a connection is answered and closed if the body does not arrive",
  ignore: isNewerDeno,
  async fn() {
    const read = makeBodyReader({ ...LIMITS, readMs: 20 });
    const tcp = { hostname: "127.0.0.1", port: 0 };
    const server = await listen({ tcp, unix: null }, async (request) => {
      try {
        return await read(request, () => Promise.resolve(new Response("whole")));
      } catch (error) {
        return toResponse(asHttpProblem(error), "r1");
      }
    });
    const { hostname, port } = new URL(server.addresses[0]!);
    using connection = await Deno.connect({ hostname, port: Number(port) });
    const head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n";
    await connection.write(new TextEncoder().encode(`${head}{"half":`));
    // This tests that the stream ends; otherwise the test would hang.
    const answer = await new Response(connection.readable).text();
    assertStringIncludes(answer, "HTTP/1.1 408 Request Timeout");
    assertStringIncludes(answer, "The body did not arrive within 0.02 s");
    await server.drain(10_000);
  },
});
