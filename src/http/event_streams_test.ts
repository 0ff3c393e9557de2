import { assert, assertEquals, assertRejects } from "@std/assert";
import { until } from "../../tests/fixtures/fake_worker.ts";
import { mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { appWorld, problemOf } from "../../tests/fixtures/test_app.ts";
import type { Device } from "../documents/mod.ts";
import { makeApp } from "./app.ts";
import { makeEventStreams, STREAM_LIMITS } from "./event_streams.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** The application with a host that a test changes. */
function makeHost({ commentMs = 3_600_000 } = {}) {
  let followed = 0;
  let snapshot = mttySnapshot();
  const follow = () => {
    followed++;
    return Promise.resolve({ [Symbol.dispose]: () => void followed-- });
  };
  const events = makeEventStreams({ follow, commentMs });
  const app = makeApp(appWorld({ last: () => Promise.resolve(snapshot), events }));
  events.publish(snapshot);
  const change = (devices: Device[]) => {
    snapshot = { ...snapshot, devices, snapshot: snapshot.snapshot + 1 };
    events.publish(snapshot);
  };
  return {
    events,
    followed: () => followed,
    number: () => snapshot.snapshot,
    change,
    /** Changes one device. */
    touch: (numaNode: number) =>
      change(snapshot.devices.map((device, i) => i === 0 ? { ...device, numaNode } : device)),
    devices: () => snapshot.devices,
    request: (headers: HeadersInit = {}, method = "GET") =>
      app.request("http://127.0.0.1:7431/v1/events", { headers, method }),
  };
}

/** Reads a stream event by event. */
async function listen(response: Response) {
  assertEquals(response.status, 200);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const block = async (): Promise<string | null> => {
    while (!text.includes("\n\n")) {
      const { value, done } = await reader.read();
      if (done) return null;
      text += value;
    }
    const end = text.indexOf("\n\n");
    const found = text.slice(0, end);
    text = text.slice(end + 2);
    return found;
  };
  assertEquals(await block(), ":");
  return {
    block,
    /** The next event; null at the end of the stream. */
    async next(): Promise<{ id: string; event: string; data: Json } | null> {
      const found = await block();
      if (found === null) return null;
      const fields = new Map(
        found.split("\n").map((line) => line.split(/: (.*)/, 2) as [string, string]),
      );
      const [id, event, data] = ["id", "event", "data"].map((name) => fields.get(name)!);
      return { id: id!, event: event!, data: JSON.parse(data!) };
    },
    close: () => reader.cancel(),
  };
}

Deno.test("GET /v1/events begins with a reset, then reports changes", async () => {
  const host = makeHost();
  const response = await host.request();
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  assertEquals(response.headers.get("cache-control"), "no-store, no-transform");
  const stream = await listen(response);
  const first = await stream.next();
  const [instance, number] = first!.id.split("-");
  assertEquals([first!.event, first!.data.schema], ["reset", "vfio-ask/reset/v1"]);
  assertEquals([number, first!.data.snapshot], [String(host.number()), host.number()]);
  host.touch(5);
  const { id, event, data } = (await stream.next())!;
  assertEquals([id, event], [`${instance}-${host.number()}`, "changes"]);
  assertEquals([data.schema, data.snapshot], ["vfio-ask/changes/v1", host.number()]);
  assertEquals(data.devices.changed, [host.devices()[0]]);
  await stream.close();
});

Deno.test("GET /v1/events goes on after Last-Event-ID", async () => {
  const host = makeHost();
  const before = await listen(await host.request());
  const { id } = (await before.next())!;
  await before.close();
  host.touch(5);
  host.touch(6);
  const stream = await listen(await host.request({ "last-event-id": id }));
  const missed = [await stream.next(), await stream.next()];
  assertEquals(missed.map((event) => event!.event), ["changes", "changes"]);
  assertEquals(missed.map((event) => event!.data.devices.changed[0].numaNode), [5, 6]);
  // Nothing was missed since the newest event.
  const again = await listen(await host.request({ "last-event-id": missed[1]!.id }));
  host.touch(7);
  assertEquals((await again.next())!.data.devices.changed[0].numaNode, 7);
  await stream.close();
  await again.close();
});

Deno.test("GET /v1/events resets a client that it cannot continue", async () => {
  const host = makeHost();
  const stream = await listen(await host.request());
  const { id } = (await stream.next())!;
  const [instance, number] = id.split("-");
  for (let i = 0; i <= STREAM_LIMITS.kept; i++) host.touch(i);
  const others = [
    id,
    `${instance}-${Number(number) + 1000}`,
    `00000000-${number}`,
    `${instance}-`,
    "nonsense",
    "9".repeat(5000),
  ];
  for (const given of others) {
    const other = await listen(await host.request({ "last-event-id": given }));
    const reset = (await other.next())!;
    assertEquals([reset.event, reset.data.snapshot], ["reset", host.number()], given.slice(0, 50));
    await other.close();
  }
  await stream.close();
});

Deno.test("GET /v1/events sends a reset instead of very many changes", async () => {
  const host = makeHost();
  const stream = await listen(await host.request());
  const { id } = (await stream.next())!;
  const [device] = host.devices();
  const many = Array.from({ length: STREAM_LIMITS.entries + 1 }, (_, i) => `device-${i}`);
  host.change(many.map((name) => ({ ...device!, id: name })));
  assertEquals((await stream.next())!.event, "reset");
  host.touch(3);
  assertEquals((await stream.next())!.event, "changes");
  // A client from before the many changes cannot go on.
  const other = await listen(await host.request({ "last-event-id": id }));
  assertEquals((await other.next())!.event, "reset");
  await stream.close();
  await other.close();
});

Deno.test("GET /v1/events keeps a limited number of bytes", async () => {
  const host = makeHost();
  const stream = await listen(await host.request());
  const { id } = (await stream.next())!;
  await stream.close();
  const [device] = host.devices();
  for (let i = 0; i < 6; i++) {
    const description = String(i).repeat(STREAM_LIMITS.keptBytes / 5);
    host.change([{ ...device!, description }]);
  }
  const other = await listen(await host.request({ "last-event-id": id }));
  assertEquals((await other.next())!.event, "reset");
  await other.close();
});

Deno.test("GET /v1/events refuses more streams than the limit, and accepts one when one ends", async () => {
  const host = makeHost();
  const streams = await Promise.all(
    Array.from({ length: STREAM_LIMITS.most }, async () => await listen(await host.request())),
  );
  assertEquals([host.events.size, host.followed()], [STREAM_LIMITS.most, 1]);
  const refused = await host.request();
  assertEquals(refused.headers.get("retry-after"), "10");
  await problemOf(refused, 503, "streams-full");
  await streams.pop()!.close();
  streams.push(await listen(await host.request()));
  for (const stream of streams) await stream.close();
  await until("nobody follows", () => host.events.size === 0 && host.followed() === 0);
});

Deno.test("GET /v1/events cuts off a client that does not read, and no other", async () => {
  const host = makeHost();
  const slow = await host.request();
  const stream = await listen(await host.request());
  await stream.next();
  const [device] = host.devices();
  for (let i = 0; host.events.size === 2; i++) {
    assert(i < 100, "nobody is cut off");
    host.change([{ ...device!, description: String(i % 10).repeat(1 << 20) }]);
    await stream.next();
  }
  await assertRejects(() => slow.text(), Error, "too slowly");
  host.touch(1);
  assertEquals((await stream.next())!.data.devices.changed[0].numaNode, 1);
  await stream.close();
});

Deno.test("GET /v1/events sends comments, and every stream ends with the server", async () => {
  const host = makeHost({ commentMs: 1 });
  const stream = await listen(await host.request());
  await stream.next();
  assertEquals(await stream.block(), ":");
  host.events.end();
  for (let block = await stream.block(); block !== null;) block = await stream.block();
  assertEquals(host.events.size, 0);
  await problemOf(await host.request(), 503, "streams-full");
});

Deno.test("HEAD /v1/events opens no stream", async () => {
  const host = makeHost();
  const response = await host.request({}, "HEAD");
  assertEquals([response.status, response.body, host.events.size], [200, null, 0]);
});
