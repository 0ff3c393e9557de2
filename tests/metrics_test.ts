/** Checks /metrics and the example alerts with promtool of Prometheus. */
import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { formatHostMetrics } from "../src/export/mod.ts";
import { mttyIdentity } from "./fixtures/identity.ts";
import { mttyOutcome } from "./fixtures/outcome.ts";
import { mttySnapshot } from "./fixtures/snapshot.ts";
import { makeTestApp } from "./fixtures/test_app.ts";
import { hasTool, runTool } from "./fixtures/tool.ts";

const ignore = !await hasTool("promtool", "--version");
const ALERTS = fromFileUrl(new URL("../docs/alerts/", import.meta.url));

/** The metrics of a server that has answered and refused requests. */
async function readMetrics(): Promise<string> {
  const predicted = { verdict: "compatible", evidence: "vendor-rule" } as const;
  const outcomes = [mttyOutcome({ predicted })];
  const app = makeTestApp(undefined, { readLedger: () => ({ outcomes, problems: [] }) });
  const requests: [method: string, path: string, body?: unknown][] = [
    ["POST", "/v1/sessions"],
    ["POST", "/v1/ask", mttyIdentity()],
    ["GET", '/"\\\n{}'],
    ["TRACES", "/healthz"],
  ];
  for (const [method, path, body] of requests) {
    await (await app.ask(method, path, body)).body?.cancel();
  }
  return await (await app.request("/metrics")).text();
}

Deno.test({
  name: "promtool check metrics accepts /metrics without a remark (needs promtool)",
  ignore,
  async fn() {
    assertEquals(
      await runTool(["promtool", "check", "metrics"], { stdin: await readMetrics() }),
      "",
    );
  },
});

Deno.test({
  name: "promtool check metrics accepts the file for node_exporter (needs promtool)",
  ignore,
  async fn() {
    for (const rules of [null, { files: [], inForce: [] }]) {
      const stdin = formatHostMetrics({ version: "1.2.3", snapshot: mttySnapshot(), rules });
      assertEquals(await runTool(["promtool", "check", "metrics"], { stdin }), "");
    }
  },
});

Deno.test({
  name: "promtool accepts the example alerts, and each fires only for its trouble (needs promtool)",
  ignore,
  async fn() {
    await runTool(["promtool", "check", "rules", "--lint-fatal", `${ALERTS}vfio-ask.rules.yml`]);
    await runTool(["promtool", "test", "rules", `${ALERTS}vfio-ask.test.yml`]);
  },
});

Deno.test("the example alerts use metrics that the server has", async () => {
  const metrics = await readMetrics();
  const rules = await Deno.readTextFile(`${ALERTS}vfio-ask.rules.yml`);
  const named = new Set(rules.match(/\b(vfio_ask|process)_[a-z_]+/g));
  const known = new Set(
    metrics.match(/^[a-z_]+(?=[ {])/gm)?.flatMap((name) => [name]),
  );
  assertEquals([...named].filter((name) => !known.has(name)), []);
});
