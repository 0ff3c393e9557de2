import type { Context } from "hono";

/** Answers a request. */
export type Handler = (c: Context) => Response | Promise<Response>;

/** A line of the table of routes. */
export type Route = readonly [method: string, path: string, handler: Handler];

/** A response with a JSON document that is already text. */
export function jsonText(c: Context, text: string): Response {
  return c.body(text, 200, { "content-type": "application/json" });
}
