import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Failure } from "../documents/mod.ts";
import { listen, parseListen } from "./listen.ts";

const answer = () => new Response("here");

Deno.test("parseListen() accepts loopback addresses and a port alone", () => {
  assertEquals(parseListen("127.0.0.1:7431"), { hostname: "127.0.0.1", port: 7431 });
  assertEquals(parseListen("127.5.0.1:1"), { hostname: "127.5.0.1", port: 1 });
  assertEquals(parseListen("localhost:80"), { hostname: "127.0.0.1", port: 80 });
  assertEquals(parseListen("[::1]:65535"), { hostname: "::1", port: 65535 });
  assertEquals(parseListen("0"), { hostname: "127.0.0.1", port: 0 });
  assertEquals(parseListen("none"), null);
});

Deno.test("parseListen() refuses non-loopback and invalid addresses", () => {
  const refused = [
    "0.0.0.0:80",
    "[::]:80",
    "10.0.0.1:80",
    "example.org:80",
    ":80",
    "",
    "127.0.0.1",
  ];
  for (const text of [...refused, "127.0.0.1:65536", "::1:80", "127.0.0.1:80 ", "127.0.0.1:-1"]) {
    const failure = assertThrows(() => parseListen(text), Failure, `--listen ${text}`);
    assertEquals(failure.code, "bad-input");
  }
});

Deno.test("listen() on port 0 uses a free port and returns it", async () => {
  const server = await listen({ tcp: { hostname: "127.0.0.1", port: 0 }, unix: null }, answer);
  const [address] = server.addresses;
  assertEquals(await (await fetch(address!)).text(), "here");
  await server.drain(10_000);
});

Deno.test("listen() passes the transport of a request to the handler", async () => {
  const ways: boolean[] = [];
  const tcp = { hostname: "127.0.0.1", port: 0 };
  const server = await listen({ tcp, unix: null }, (_, { unix }) => {
    ways.push(unix);
    return answer();
  });
  await (await fetch(server.addresses[0]!)).body?.cancel();
  assertEquals(ways, [false]);
  await server.drain(10_000);
});

Deno.test("listen() opens a Unix socket for its own user only, unless it has a group", async () => {
  const folder = await Deno.makeTempDir();
  const unix = `${folder}/ask.sock`;
  const mask = Deno.umask();
  for (const [group, mode] of [[undefined, 0o600], [null, 0o600], [Deno.gid()!, 0o660]] as const) {
    const server = await listen(
      { tcp: null, unix, ...(group === undefined ? {} : { group }) },
      answer,
    );
    assertEquals([Deno.lstatSync(unix).mode! & 0o777, Deno.umask()], [mode, mask]);
    await server.drain(10_000);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("drain() waits for current requests and accepts no new ones", async () => {
  const { promise: free, resolve: go } = Promise.withResolvers<void>();
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const tcp = { hostname: "127.0.0.1", port: 0 };
  const server = await listen({ tcp, unix: null }, async () => {
    arrive();
    await free;
    return answer();
  });
  const asked = fetch(server.addresses[0]!);
  await arrived;
  const drained = server.drain(60_000);
  await assertRejects(() => fetch(server.addresses[0]!));
  go();
  assertEquals(await (await asked).text(), "here");
  await drained;
});

Deno.test("listen() on an address in use fails with a remedy", async () => {
  const tcp = { hostname: "127.0.0.1", port: 0 };
  const first = await listen({ tcp, unix: null }, answer);
  const port = Number(new URL(first.addresses[0]!).port);
  const failure = await assertRejects(
    () => listen({ tcp: { ...tcp, port }, unix: null }, answer),
    Failure,
    "the address is in use",
  );
  assertEquals([failure.code, failure.remedy !== null], ["bad-input", true]);
  await first.drain(10_000);
});
