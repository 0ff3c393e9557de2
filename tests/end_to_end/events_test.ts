import { assert, assertEquals } from "@std/assert";
import { openWorkplace, startServer, type Workplace } from "./program.ts";

/** Looks often, because a simulated host has no events. */
const ARGS = ["--listen", "127.0.0.1:0", "--refresh", "0.1", "--probe", "never"];
const TYPE = "sys/class/mdev_bus/0000:3b:00.0/mdev_supported_types/nvidia-232";

/** Writes how many instances of a type the simulated host can still create. */
function setAvailable({ folder, leftovers }: Workplace, instances: number): void {
  const [host] = leftovers();
  const path = `${folder}/tmp/${host}/${TYPE}/available_instances`;
  Deno.writeTextFileSync(path, `${instances}\n`);
}

/** A stream of events of a server. */
async function listen(base: string, headers: HeadersInit = {}) {
  // A connection of its own, which ends with the stream.
  const client = Deno.createHttpClient({});
  const response = await fetch(`${base}/v1/events`, { headers, client });
  assertEquals(response.status, 200);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    response,
    /** The fields of the next event; null at the end of the stream. */
    async next(): Promise<Record<string, string> | null> {
      for (;;) {
        const [block, rest] = text.split(/\n\n([\s\S]*)/, 2);
        if (rest !== undefined) {
          text = rest;
          if (block === ":") continue;
          return Object.fromEntries(block!.split("\n").map((line) => line.split(/: (.*)/, 2)));
        }
        const { value, done } = await reader.read();
        if (done) return null;
        text += value;
      }
    },
    async [Symbol.asyncDispose]() {
      await reader.cancel();
      client.close();
    },
  };
}

Deno.test("serve reports what changed, and goes on where a client stopped", async () => {
  await using place = await openWorkplace();
  await using server = await startServer(place, { args: ARGS });
  let id: string;
  {
    await using stream = await listen(server.base, { "accept-encoding": "gzip, br" });
    assertEquals(stream.response.headers.get("content-encoding"), null);
    assertEquals((await stream.next())?.event, "reset");
    setAvailable(place, 5);
    const changes = await stream.next();
    assertEquals(changes?.event, "changes");
    const { types, devices } = JSON.parse(changes!.data!);
    const [changed] = types.changed;
    assertEquals([changed.type, changed.availableInstances], ["nvidia-232", 5]);
    assertEquals(devices, { added: [], changed: [], removed: [] });
    id = changes!.id!;
  }
  setAvailable(place, 6);
  await using stream = await listen(server.base, { "last-event-id": id });
  const { types } = JSON.parse((await stream.next())!.data!);
  assertEquals(types.changed[0].availableInstances, 6);
});

Deno.test("serve stops at once with streams open, and ends them", async () => {
  await using place = await openWorkplace();
  await using server = await startServer(place, { args: ARGS });
  await using stream = await listen(server.base);
  await using other = await listen(server.base);
  await stream.next();
  await other.next();
  const ended = server.stop();
  for (const open of [stream, other]) assertEquals(await open.next(), null);
  assertEquals((await ended).code, 0);
});

Deno.test("serve frees the streams of clients that are gone", async () => {
  await using place = await openWorkplace();
  await using server = await startServer(place, { args: ARGS });
  for (let turn = 0; turn < 100; turn++) {
    const url = new URL(server.base);
    using connection = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
    const request = `GET /v1/events HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    const buffer = new Uint8Array(512);
    const count = await connection.read(buffer);
    const text = new TextDecoder().decode(buffer.subarray(0, count!));
    // The server may still be about to notice that the last client is gone.
    assert(text.startsWith("HTTP/1.1 200 "), `turn ${turn}: ${text}`);
  }
});
