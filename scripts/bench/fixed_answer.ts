/**
 * A minimal server that validates an identity like `vfio-ask serve` and answers with the bytes of a file. The yardstick
 * for the throughput of POST /v1/ask.
 *
 *   fixed_answer FILE
 */
import { Hono } from "hono";
import { Identity } from "../../src/documents/mod.ts";

const bytes = Deno.readTextFileSync(Deno.args[0]!);
const app = new Hono();
app.get("/healthz", (c) => c.json({ ok: true }));
app.post("/v1/ask", async (c) => {
  const { success } = Identity.safeParse(await c.req.json());
  if (!success) return c.json({ ok: false }, 422);
  return c.body(bytes, 200, { "content-type": "application/json" });
});
// Ignore clients that disconnect in the middle of a body, as the load does at its end.
app.onError((_, c) => c.body(null, 500));
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ hostname, port }) => console.log(`it listens on http://${hostname}:${port}`),
}, app.fetch);
