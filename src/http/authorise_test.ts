import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openPeers } from "../../ffi/peers.ts";
import { connectAs, type Ids, sendAs } from "../../tests/fixtures/connect_as.ts";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { appWorld, makeTestApp, problemOf } from "../../tests/fixtures/test_app.ts";
import { makeApp } from "./app.ts";
import { type Caller, makeAuthorise, type Permitted } from "./authorise.ts";
import { listen } from "./listen.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const GROUP = 34567;
const NOBODY: Permitted = { token: null, group: null, uid: 1000, callers: () => [] };

/** The status of a test request: 403 if it is not authorised, 400 because its body has no target. */
async function statusOf(
  permitted: Partial<Permitted>,
  { unix = false, authorization }: { unix?: boolean; authorization?: string } = {},
): Promise<number> {
  const app = makeApp(appWorld({ authorise: makeAuthorise({ ...NOBODY, ...permitted }) }));
  const headers = {
    host: "localhost",
    "content-type": "application/json",
    ...(authorization === undefined ? {} : { authorization }),
  };
  const request = new Request("http://localhost/v1/test", { method: "POST", headers, body: "{}" });
  const response = await app.fetch(request, { unix });
  await problemOf(
    response,
    response.status,
    response.status === 403 ? "not-authorised" : "bad-request",
  );
  return response.status;
}

Deno.test("a test over TCP needs the token", async () => {
  assertEquals(await statusOf({}), 403);
  assertEquals(await statusOf({ token: TOKEN }), 403);
  for (const scheme of ["Bearer", "bearer", "BEARER "]) {
    assertEquals(await statusOf({ token: TOKEN }, { authorization: `${scheme} ${TOKEN}` }), 400);
  }
  const wrong = [
    "",
    "Bearer",
    `Bearer ${TOKEN.slice(1)}`,
    `Bearer ${TOKEN}0`,
    `Bearer ${TOKEN.replace("0", "1")}`,
    `Bearer ${TOKEN}, Bearer ${TOKEN}`,
    `Basic ${TOKEN}`,
    TOKEN,
    `Bearer ${TOKEN}\u0100`.slice(0, -1) + "x",
  ];
  for (const authorization of wrong) {
    assertEquals(await statusOf({ token: TOKEN }, { authorization }), 403, authorization);
  }
});

Deno.test("no token is valid if the server has none", async () => {
  for (const authorization of ["Bearer null", "Bearer ", "Bearer undefined"]) {
    assertEquals(await statusOf({}, { authorization }), 403, authorization);
  }
});

Deno.test("a wrong token is refused even from a permitted caller", async () => {
  const callers = () => [{ uid: 0, gids: [0] }];
  assertEquals(await statusOf({ callers }, { unix: true }), 400);
  const authorization = "Bearer wrong";
  assertEquals(await statusOf({ callers, token: TOKEN }, { unix: true, authorization }), 403);
});

const CALLERS: readonly [name: string, callers: Caller[], group: number | null, status: number][] =
  [
    ["root", [{ uid: 0, gids: [0] }], null, 400],
    ["the server's user", [{ uid: 1000, gids: [5] }], null, 400],
    ["another user", [{ uid: 1001, gids: [0, 1000] }], null, 403],
    ["a member of the group", [{ uid: 1001, gids: [5, GROUP] }], GROUP, 400],
    ["no member of the group", [{ uid: 1001, gids: [5, 6] }], GROUP, 403],
    ["a permitted and another", [{ uid: 0, gids: [0] }, { uid: 1001, gids: [5] }], GROUP, 403],
    ["nobody that the kernel knows", [], GROUP, 403],
  ];
for (const [name, callers, group, status] of CALLERS) {
  Deno.test(`a test over the Unix socket from ${name} gets ${status}`, async () => {
    assertEquals(await statusOf({ callers: () => callers, group }, { unix: true }), status);
  });
}

Deno.test("a caller is unknown if the kernel does not say who it is", async () => {
  const callers = () => {
    throw new Error("Cannot read who is connected");
  };
  const app = makeApp(appWorld({ authorise: makeAuthorise({ ...NOBODY, callers }) }));
  const request = new Request("http://localhost/v1/test", { method: "POST", body: "{}" });
  await problemOf(await app.fetch(request, { unix: true }), 500, "internal");
});

Deno.test("asking needs no permission; a preflight for an answer or a session does", async () => {
  const { ask, openSession } = makeTestApp(undefined, { authorise: makeAuthorise(NOBODY) });
  const path = await openSession();
  for (const [method, to] of [["POST", "/v1/ask"], ["PUT", `${path}/source`]] as const) {
    for (
      const [query, status] of [["", 200], ["?preflight=0", 200], ["?preflight=1", 403]] as const
    ) {
      const response = await ask(method, `${to}${query}`, mttyIdentity());
      if (status === 403) {
        const { remedy } = await problemOf(response, 403, "not-authorised");
        assertStringIncludes(remedy!, "--token-file");
      } else await response.body?.cancel();
      assertEquals(response.status, status, `${to}${query}`);
    }
  }
});

Deno.test("no message of a refusal has the token", async () => {
  const lines: string[] = [];
  const write = (...said: unknown[]) => void lines.push(JSON.stringify(said));
  const { ask } = makeTestApp(undefined, {
    authorise: makeAuthorise({ ...NOBODY, token: TOKEN }),
    log: { info: write, warning: write, error: write },
  });
  const given = "ffffffffffffffffffffffffffffffff";
  const response = await ask("POST", "/v1/test", {}, { authorization: `Bearer ${given}` });
  lines.push(await response.text());
  assertEquals(lines.length, 2);
  for (const line of lines) assert(!line.includes(given) && !line.includes(TOKEN), line);
});

const ROOT: Ids = { uid: 0, gid: 0, groups: [] };
const MEMBER: Ids = { uid: 12345, gid: 12345, groups: [23456, GROUP] };
const STRANGER: Ids = { uid: 54321, gid: 54321, groups: [65432] };

const head = (line: string, body = "") =>
  `${line} HTTP/1.1\r\nHost: vfio-ask\r\nConnection: close\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const TEST = head(
  "POST /v1/test",
  JSON.stringify({ source: mttyIdentity(), target: { device: "a" } }),
);
const LIST = head("GET /v1/devices");
const statusIn = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);

/** A server on a Unix socket of the group; `tests` counts the tests that it has begun. */
async function withServer(
  run: (server: { path: string; tests: () => number }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vfio-ask-group-" });
  await Deno.chmod(folder, 0o755);
  const unix = `${folder}/ask.sock`;
  let tests = 0;
  using peers = openPeers(unix);
  const app = makeApp(appWorld({
    test: () => {
      tests++;
      return Promise.reject(new Error("tested"));
    },
    authorise: makeAuthorise({ token: null, group: GROUP, uid: 0, callers: peers.list }),
  }));
  const server = await listen(
    { tcp: null, unix, group: GROUP },
    (request, arrival) => app.fetch(request, arrival),
  );
  try {
    await run({ path: unix, tests: () => tests });
  } finally {
    await server.drain(10_000);
    await Deno.remove(folder, { recursive: true });
  }
}

const asRoot = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name: `${name} (needs root)`, ignore: Deno.uid() !== 0, fn });

asRoot(
  "the kernel lets only root and members connect to the socket of a group",
  () =>
    withServer(async ({ path, tests }) => {
      const { mode, gid } = Deno.lstatSync(path);
      assertEquals([mode! & 0o777, gid], [0o660, GROUP]);
      for (const [ids, begun] of [[ROOT, 1], [MEMBER, 2]] as const) {
        assertEquals(statusIn((await sendAs(path, ids, LIST)).answer), 200);
        assertEquals(statusIn((await sendAs(path, ids, TEST)).answer), 500);
        assertEquals(tests(), begun);
      }
      const { answer, error } = await sendAs(path, STRANGER, TEST);
      assertEquals([answer, tests()], ["", 2]);
      assertStringIncludes(error, "connect: Permission denied");
    }),
);

asRoot(
  "on a socket that all may use, strangers can ask but start no preflight",
  () =>
    withServer(async ({ path, tests }) => {
      await Deno.chmod(path, 0o666);
      assertEquals(statusIn((await sendAs(path, STRANGER, LIST)).answer), 200);
      const refused = await sendAs(path, STRANGER, TEST);
      assertEquals(statusIn(refused.answer), 403);
      assertStringIncludes(refused.answer, "urn:vfio-ask:problem:not-authorised");
      assertEquals(tests(), 0);
      // A connection of a stranger could be the one that a request came from.
      {
        await using _ = connectAs(path, STRANGER);
        await untilConnected(path, 1);
        assertEquals(statusIn((await sendAs(path, MEMBER, TEST)).answer), 403);
      }
      await untilConnected(path, 0);
      assertEquals(statusIn((await sendAs(path, MEMBER, TEST)).answer), 500);
      assertEquals(tests(), 1);
    }),
);

asRoot(
  "a stranger that leaves at once is not taken for a permitted caller",
  () =>
    withServer(async ({ path, tests }) => {
      await Deno.chmod(path, 0o666);
      await using _ = connectAs(path, ROOT);
      await untilConnected(path, 1);
      for (let turn = 0; turn < 20; turn++) await sendAs(path, STRANGER, TEST, { leave: true });
      await untilConnected(path, 1);
      assertEquals(tests(), 0);
    }),
);

/** Waits until the server has accepted so many connections. */
async function untilConnected(path: string, count: number): Promise<void> {
  using peers = openPeers(path);
  while (peers.list().length !== count) await new Promise((resolve) => setTimeout(resolve, 10));
}
