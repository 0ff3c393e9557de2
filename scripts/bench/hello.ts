/** A minimal server of one route in the style of `vfio-ask serve`: the yardstick for its start and its memory. */
import { Hono } from "hono";

const app = new Hono();
app.get("/healthz", (c) => c.json({ ok: true }));
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ hostname, port }) => console.log(`hello listens on http://${hostname}:${port}`),
}, app.fetch);
