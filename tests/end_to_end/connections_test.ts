import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { askUnix, json, openWorkplace, startServer } from "./program.ts";

const OPEN_FILES = 150;

async function isAnswering(ask: () => Promise<unknown>): Promise<boolean> {
  return await ask().then(() => true, () => false);
}

Deno.test("serve listens again after idle connections have used up its files", async () => {
  await using place = await openWorkplace();
  const path = `${place.folder}/ask.sock`;
  await using server = await startServer(place, {
    args: ["--listen", "127.0.0.1:0", "--unix", path],
    openFiles: OPEN_FILES,
  });
  // This connection stays open.
  const opened = await fetch(`${server.base}/v1/sessions`, { method: "POST" });
  const { id } = await json(opened, 201);
  const port = Number(new URL(server.base).port);
  const idle: Deno.Conn[] = [];
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
  for (let tries = 0;; tries++) {
    const connection = await connect();
    if (connection === null) break;
    idle.push(connection);
    if (idle.length < 2 * OPEN_FILES) continue;
    assert(tries < 20 * OPEN_FILES, "it still accepts connections");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (const connection of idle) connection.close();
  const asks = [
    async () => {
      using client = Deno.createHttpClient({});
      return await json(await fetch(`${server.base}/v1/sessions/${id}`, { client }));
    },
    async () => assertEquals((await askUnix(path, { target: "/v1/devices" })).status, 200),
  ];
  for (const ask of asks) {
    for (let tries = 0; !await isAnswering(ask); tries++) {
      assert(tries < 600, "it does not answer again");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  assertEquals((await server.stop()).code, 0);
  const said = await Deno.readTextFile(`${place.folder}/stderr`);
  assertStringIncludes(said, `the listener on ${server.base} was closed`);
});
