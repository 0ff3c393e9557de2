import { type Context, Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import {
  deviceDocument,
  listDocument,
  type ListName,
  rulesDocument,
  testDocument,
} from "../answers/mod.ts";
import {
  deviceOf,
  formatSnapshot,
  HEALTH_SCHEMA,
  identify,
  type Identity,
  shownName,
  type Snapshot,
} from "../documents/mod.ts";
import type { RulesState } from "../config/mod.ts";
import type { TestAnswer } from "../trials/mod.ts";
import type { TestTarget } from "../tasks/mod.ts";
import { formatMetrics } from "../export/mod.ts";
import { askRoutes } from "./ask_routes.ts";
import type { AskWorld } from "./ask_world.ts";
import { makeBodyReader } from "./bodies.ts";
import { checkDoor } from "./door.ts";
import { asHttpProblem, HttpProblem, toResponse } from "./problem.ts";
import { readTest } from "./read_identity.ts";
import { type Handler, jsonText, type Route } from "./route.ts";
import { sessionRoutes } from "./session_routes.ts";
import { makeSessions } from "./sessions.ts";
import { makeLineStreams } from "./line_streams.ts";

/** What the application needs to answer requests. */
export interface AppWorld extends AskWorld {
  /** The last snapshot, without observing the host again. For monitoring. */
  last: () => Promise<Snapshot>;
  nowMs: () => number;
  version: string;
  /** Tests a source on a target. */
  test: (snapshot: Snapshot, source: Identity, target: TestTarget) => Promise<TestAnswer>;
  /** The current rule files. */
  rules: () => RulesState;
}

/** How a request arrived. */
export interface Arrival {
  unix: boolean;
}

/** Makes the application: `app.request("/v1/devices")` in tests, `app.fetch(request, { unix })` behind a server. */
export function makeApp(world: AppWorld): Hono<{ Bindings: Arrival }> {
  const { newest, last, nowMs, version, test, rules } = world;
  const sessions = makeSessions(nowMs);
  const streams = makeLineStreams();
  const withBody = makeBodyReader();
  const list = (name: ListName): Handler => async (c) => c.json(listDocument(await newest(), name));

  const routes: readonly Route[] = [
    ["GET", "/healthz", async (c) => {
      const { snapshot, takenAt } = await last();
      return c.json({
        schema: HEALTH_SCHEMA,
        ok: true,
        version,
        snapshot,
        takenAt,
        sessions: sessions.size,
      });
    }],
    ["GET", "/v1/devices", list("devices")],
    ["GET", "/v1/devices/:id", async (c) => {
      const id = c.req.param("id")!;
      const snapshot = await newest(id);
      return c.json(deviceDocument(snapshot, deviceOf(snapshot, id)));
    }],
    ["GET", "/v1/devices/:id/identity", async (c) => {
      const id = c.req.param("id")!;
      return c.json(identify(await newest(id), id));
    }],
    ["GET", "/v1/types", list("types")],
    ["GET", "/v1/configurations", list("configurations")],
    ["GET", "/v1/supported", list("supported")],
    ["GET", "/v1/rules", (c) => c.json(rulesDocument(rules().files))],
    ["GET", "/metrics", async (c) => {
      const snapshot = await last();
      const measured = { version, snapshot, rules: rules(), sessions: sessions.size };
      return c.text(formatMetrics(measured), 200, {
        "content-type": "text/plain; version=0.0.4; charset=utf-8",
      });
    }],
    ["GET", "/v1/snapshot", async (c) => jsonText(c, formatSnapshot(await newest()))],
    ["POST", "/v1/test", (c) =>
      withBody(c.req.raw, async ({ json }) => {
        const { source, target } = readTest(json);
        const snapshot = await newest("device" in target ? target.device : target.parent);
        return c.json(testDocument(snapshot, source, await test(snapshot, source, target)));
      })],
    ...askRoutes(world, { streams, withBody }),
    ...sessionRoutes(world, { sessions, streams, withBody }),
  ];

  // The default router compiles all routes at the first request. This router needs no preparation.
  const app = new Hono<{ Bindings: Arrival }>({ router: new TrieRouter() });
  app.use(async (c, next) => {
    c.header("x-request-id", requestId(c));
    c.header("cache-control", "no-store");
    checkDoor(c.req.raw, { unix: c.env?.unix ?? false });
    await next();
  });
  for (const [method, path, handler] of routes) app.on(method, path, handler);
  const byPath = Map.groupBy(routes, ([, path]) => path);
  for (const [path, own] of byPath) {
    const allow = own.map(([method]) => method).join(", ");
    app.all(path, (c) => {
      throw new HttpProblem(
        "method-not-allowed",
        `${shownName(c.req.path)} does not support ${shownName(c.req.method)}`,
        {
          value: c.req.method,
          remedy: `Use ${allow}.`,
          headers: { allow },
        },
      );
    });
  }
  app.notFound((c) => {
    const problem = new HttpProblem("not-found", `Unknown path ${shownName(c.req.path)}`, {
      remedy: `Use one of ${[...byPath.keys()].join(", ")}.`,
    });
    return toResponse(problem, requestId(c));
  });
  app.onError((error, c) => {
    const problem = asHttpProblem(error);
    if (problem.problem === "internal") console.error(`request ${requestId(c)}:`, error);
    return toResponse(problem, requestId(c));
  });
  return app;
}

/** The request ID of the caller if it is valid, otherwise a new one. */
function requestId(c: Context): string {
  const kept = c.get("requestId") as string | undefined;
  if (kept !== undefined) return kept;
  const given = c.req.header("x-request-id") ?? "";
  const id = /^[\w.-]{1,64}$/.test(given) ? given : crypto.randomUUID();
  c.set("requestId", id);
  return id;
}
