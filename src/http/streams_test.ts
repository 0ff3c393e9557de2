import { assertEquals, assertStrictEquals } from "@std/assert";
import { openStreams } from "./streams.ts";

const EVENTS = { "content-type": "text/event-stream; charset=utf-8" };

/** A stream of events that never ends by itself, and whether its reader has left. */
function endless(): { response: Response; left: () => unknown } {
  let left: unknown = null;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
    cancel: (reason) => void (left = reason),
  });
  return { response: new Response(body, { headers: EVENTS, status: 200 }), left: () => left };
}

Deno.test("openStreams() ends streams of events, after what they have sent", async () => {
  const streams = openStreams();
  const { response, left } = endless();
  const added = streams.add(response);
  assertEquals(added.headers.get("content-type"), EVENTS["content-type"]);
  const reader = added.body!.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "data: 1\n\n");
  const next = reader.read();
  streams.end();
  assertEquals([(await next).done, left()], [true, "the server stops"]);
});

Deno.test("openStreams() ends a stream that begins after the end", async () => {
  const streams = openStreams();
  streams.end();
  const { response, left } = endless();
  const text = await streams.add(response).text();
  assertEquals([text, left()], ["", "the server stops"]);
});

Deno.test("openStreams() passes on that the client has left", async () => {
  const streams = openStreams();
  const { response, left } = endless();
  await streams.add(response).body!.cancel("gone");
  assertEquals(left(), "gone");
  streams.end();
});

Deno.test("openStreams() leaves other responses alone", () => {
  const streams = openStreams();
  for (const type of ["application/json", "application/x-ndjson"]) {
    const response = new Response("{}", { headers: { "content-type": type } });
    assertStrictEquals(streams.add(response), response);
  }
  const empty = new Response(null, { status: 204 });
  assertStrictEquals(streams.add(empty), empty);
});
