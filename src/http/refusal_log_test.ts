import { assertEquals, assertStringIncludes } from "@std/assert";
import { makeTestApp } from "../../tests/fixtures/test_app.ts";
import type { LogFields } from "../systemd/mod.ts";
import { REFUSAL_LIMITS } from "./refusal_log.ts";

type Fields = LogFields;

function makeLoggedApp() {
  const lines: { level: string; message: string; fields: Fields }[] = [];
  const say = (level: string) => (message: string, fields: Fields = {}) =>
    void lines.push({ level, message, fields });
  const log = { info: say("info"), warning: say("warning"), error: say("error") };
  const app = makeTestApp(undefined, { log, newest: () => Promise.reject(new Error("broken")) });
  const send = async (path: string, headers: HeadersInit = {}) => {
    const response = await app.request(path, { headers });
    await response.body?.cancel();
    return response.headers.get("x-request-id")!;
  };
  return { lines, send, app };
}

Deno.test("each refusal is logged with the ID of the request", async () => {
  const { lines, send } = makeLoggedApp();
  const refused = [
    ["/v1/devices", { host: "evil.example" }, "forbidden-host", 403],
    ["/v1/devices", { origin: "http://evil.example" }, "forbidden-origin", 403],
    ["/nowhere", {}, "not-found", 404],
    [`/${"x".repeat(5000)}`, {}, "target-too-long", 414],
    ["/v1/types?x=1", {}, "bad-request", 400],
  ] as const;
  for (const [path, headers, problem, status] of refused) {
    const request = await send(path, headers);
    const { level, message, fields } = lines.at(-1)!;
    assertEquals([level, fields.request, fields.problem, fields.status], [
      "warning",
      request,
      problem,
      status,
    ]);
    assertEquals([fields.method, fields.transport], ["GET", "tcp"]);
    assertStringIncludes(message, request);
  }
  assertEquals(lines.length, refused.length);
});

Deno.test("an unexpected error is logged once, with its stack", async () => {
  const { lines, send } = makeLoggedApp();
  const request = await send("/v1/devices");
  assertEquals(lines.map(({ level, fields }) => [level, fields.request]), [["error", request]]);
  assertStringIncludes(String(lines[0]!.fields.stack), "refusal_log_test.ts");
});

Deno.test("answers are not logged", async () => {
  const { lines, send } = makeLoggedApp();
  await send("/healthz");
  await send("/readyz");
  assertEquals(lines, []);
});

Deno.test("a flood of refusals writes few lines, and the next one says how many are missing", async () => {
  const { lines, send, app } = makeLoggedApp();
  const { atOnce, intervalMs } = REFUSAL_LIMITS;
  for (let count = 0; count < atOnce + 100; count++) await send("/nowhere");
  assertEquals(lines.length, atOnce);
  app.state.nowMs += intervalMs;
  await send("/nowhere");
  await send("/nowhere");
  assertEquals([lines.length, lines.at(-1)!.fields.missing], [atOnce + 1, 100]);
  app.state.nowMs += 1000 * intervalMs;
  for (let count = 0; count < 2 * atOnce; count++) await send("/nowhere");
  assertEquals(lines.length, 2 * atOnce + 1);
  // A clock that goes back does not stop the log for good.
  app.state.nowMs -= 500 * intervalMs;
  await send("/nowhere");
  app.state.nowMs += 501 * intervalMs;
  await send("/nowhere");
  assertEquals(lines.length, 2 * atOnce + 2);
});
