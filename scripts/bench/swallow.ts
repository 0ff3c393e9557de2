/** A minimal server that reads JSON bodies like `vfio-ask serve`: the yardstick for the cost of hostile bodies. */
import { Hono } from "hono";

const app = new Hono();
app.get("/healthz", (c) => c.json({ ok: true }));
app.post("/v1/ask", async (c) => {
  const body = await c.req.json().catch(() => null);
  return c.json({ ok: body !== null }, body === null ? 400 : 200);
});
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ hostname, port }) => console.log(`swallow listens on http://${hostname}:${port}`),
}, app.fetch);
