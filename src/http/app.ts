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
  READINESS_SCHEMA,
  shownName,
  type Snapshot,
} from "../documents/mod.ts";
import type { RulesState } from "../config/mod.ts";
import type { PageWorld, Reply } from "../page/mod.ts";
import type { TestAnswer } from "../trials/mod.ts";
import type { TestTarget } from "../tasks/mod.ts";
import { formatMetrics, type Measures } from "../export/mod.ts";
import type { Log } from "../systemd/mod.ts";
import { askRoutes } from "./ask_routes.ts";
import type { AskWorld } from "./ask_world.ts";
import type { Authorise } from "./authorise.ts";
import { makeBodyReader } from "./bodies.ts";
import { checkDoor } from "./door.ts";
import type { EventStreams } from "./event_streams.ts";
import { makeLineStreams } from "./line_streams.ts";
import { checkParameters, PAGE_PARAMETERS, PARAMETERS } from "./parameters.ts";
import { planRoutes } from "./plan_routes.ts";
import { makePlans } from "./plans.ts";
import { asHttpProblem, HttpProblem, toResponse } from "./problem.ts";
import { isWanted } from "./query.ts";
import { readTest } from "./read_identity.ts";
import { makeRefusalLog } from "./refusal_log.ts";
import { type Handler, jsonText, type Route } from "./route.ts";
import { outcomeRoutes, type OutcomeWorld } from "./outcome_routes.ts";
import { sessionRoutes } from "./session_routes.ts";
import { makeSessions } from "./sessions.ts";
import { vmRoutes, type VmWorld } from "./vm_routes.ts";

/** What the application needs to answer requests. */
export interface AppWorld extends AskWorld, OutcomeWorld {
  /** The last snapshot, without observing the host again. For monitoring. */
  last: () => Promise<Snapshot>;
  nowMs: () => number;
  version: string;
  /** Tests a source on a target. */
  test: (snapshot: Snapshot, source: Identity, target: TestTarget) => Promise<TestAnswer>;
  /** The virtual machines of this host, see {@link VmWorld}. */
  machines: VmWorld["machines"];
  /** The current rule files. */
  rules: () => RulesState;
  /** The doctor's findings about a snapshot's host, for the page. */
  diagnose: PageWorld["diagnose"];
  /** The streams of what changes on the host. */
  events: EventStreams;
  /** Decides who may start preflights. */
  authorise: Authorise;
  /** Why the server does not answer in full: before its first look, and when it stops. Empty if it does. */
  notReady: () => readonly string[];
  /** Where refused requests are reported. */
  log: Log;
  /** What is counted and timed. */
  measures: Measures;
}

/** How a request arrived. */
export interface Arrival {
  unix: boolean;
  /** Resolves when the response is sent or the client is gone. */
  completed?: Promise<void>;
}

/** Makes the application: `app.request("/v1/devices")` in tests, `app.fetch(request, { unix })` behind a server. */
export function makeApp(
  world: AppWorld,
): Hono<{ Bindings: Arrival }> {
  const { newest, last, nowMs, version, test, rules, events, diagnose, ...door } = world;
  const { authorise, notReady, log, measures } = door;
  const sessions = makeSessions(nowMs);
  const streams = makeLineStreams();
  const plans = makePlans(nowMs);
  const refuse = makeRefusalLog(log, nowMs);
  const withBody = makeBodyReader();
  const list = (name: ListName): Handler => async (c) => c.json(listDocument(await newest(), name));
  // Loaded on demand: programs never ask for the page.
  const loadPage = () => import("../page/mod.ts");
  const pageOf = (c: Context): PageWorld => ({
    version,
    newest,
    rules,
    diagnose,
    fetch: async (request) => await app.fetch(request, c.env),
  });

  /** The page for people. It is not part of the API's description. */
  const page: readonly Route[] = [
    ["GET", "/", async (c) => reply(c, await (await loadPage()).showPage(pageOf(c), c.req.raw))],
    [
      "POST",
      "/",
      (c) =>
        withBody.form(
          c.req.raw,
          async (form) => reply(c, await (await loadPage()).answerForm(pageOf(c), c.req.raw, form)),
        ),
    ],
    ["GET", "/page/:file", async (c) => {
      const file = (await loadPage()).sendAsset(c.req.param("file")!);
      return file === null ? c.notFound() : reply(c, file);
    }],
  ];
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
    ["GET", "/readyz", (c) => {
      const reasons = notReady();
      if (reasons.length === 0) return c.json({ schema: READINESS_SCHEMA, ready: true });
      const problem = new HttpProblem("not-ready", reasons.join("; "), {
        remedy: "Try again later.",
        headers: { "retry-after": "1" },
      });
      return toResponse(problem, requestId(c));
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
      const { outcomes } = world.readLedger();
      const measured = { version, snapshot, rules: rules(), outcomes, sessions: sessions.size };
      return c.text(formatMetrics({ ...measured, measures }), 200, {
        "content-type": "text/plain; version=0.0.4; charset=utf-8",
      });
    }],
    ["GET", "/openapi.json", async (c) => jsonText(c, await (description ??= describeApi()))],
    ["GET", "/v1/snapshot", async (c) => jsonText(c, formatSnapshot(await newest()))],
    ["GET", "/v1/events", async (c) => {
      // Wait for the first snapshot.
      await last();
      return events.open(c);
    }],
    ["POST", "/v1/test", (c) =>
      withBody(c.req.raw, async ({ json }) => {
        const { source, target } = readTest(json);
        const snapshot = await newest("device" in target ? target.device : target.parent);
        return c.json(testDocument(snapshot, source, await test(snapshot, source, target)));
      })],
    ...vmRoutes(world),
    ...outcomeRoutes(world, { withBody }),
    ...askRoutes(world, { streams, withBody, plans }),
    ...planRoutes({ plans, withBody }),
    ...sessionRoutes(world, { sessions, streams, withBody }),
  ];

  const refused = (problem: HttpProblem, c: Context, stack?: string): Response => {
    measures.refused(problem.problem);
    const { method, path } = c.req;
    refuse(problem, {
      request: requestId(c),
      method: shownName(method),
      path: shownName(path),
      transport: isUnix(c) ? "unix" : "tcp",
      ...(stack === undefined ? {} : { stack }),
    });
    return toResponse(problem, requestId(c));
  };

  let description: Promise<string> | null = null;
  const describeApi = async (): Promise<string> => {
    // Loaded on demand: generating the schemas of all documents takes longer than the start.
    const { makeDocument } = await import("../openapi/mod.ts");
    const described = routes.map(([method, path]) => ({
      method,
      path,
      parameters: PARAMETERS[`${method} ${path}`] ?? [],
    }));
    return JSON.stringify(makeDocument({ version, routes: described }));
  };

  // The default router compiles all routes at the first request. This router needs no preparation.
  const app = new Hono<{ Bindings: Arrival }>({ router: new TrieRouter() });
  app.use(async (c: Context, next) => {
    c.header("x-request-id", requestId(c));
    c.header("cache-control", "no-store");
    await next();
    measures.request(c.get("route") ?? "other", c.res.status);
    if (isStream(c.res) && c.env?.completed !== undefined) measures.stream(c.env.completed);
  });
  app.use((c, next) => {
    checkDoor(c.req.raw, { unix: isUnix(c) });
    return next();
  });
  const all = [...page, ...routes];
  for (const [method, path, handler] of all) {
    const route = `${method} ${path}`;
    const known = PARAMETERS[route] ?? PAGE_PARAMETERS[route] ?? [];
    const handle = ASKING.has(route) ? timed(handler, measures) : handler;
    app.on(method, path, async (c: Context) => {
      c.set("route", route);
      checkParameters(c.req.url, c.req.param(), known);
      if (TESTING.has(route) || isWanted(c, "preflight", false)) {
        await authorise(c.req.raw, { unix: isUnix(c) });
      }
      return await handle(c);
    });
  }
  const byPath = Map.groupBy(all, ([, path]) => path);
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
    return refused(problem, c);
  });
  app.onError(async (error, c) => {
    const problem = asHttpProblem(error);
    const response = refused(problem, c, problem.problem === "internal" ? error.stack : undefined);
    if (c.req.path === "/" && c.req.header("accept")?.startsWith("text/html")) {
      return reply(c, (await loadPage()).showError(problem.document, requestId(c)));
    }
    return response;
  });
  return app;
}

/** The routes that start a preflight or record an outcome. Others start one with `?preflight=1`. */
const TESTING: ReadonlySet<string> = new Set(["POST /v1/test", "POST /v1/outcomes"]);
/** The routes whose answers are timed. */
const ASKING: ReadonlySet<string> = new Set(["POST /v1/ask", "PUT /v1/sessions/:id/source"]);

/** A handler whose answers without a preflight are timed. */
function timed(handler: Handler, measures: Measures): Handler {
  return async (c) => {
    const since = performance.now();
    const response = await handler(c);
    if (!isWanted(c, "preflight", false)) measures.time("ask", since);
    return response;
  };
}

function isUnix(c: Context): boolean {
  return (c.env as Arrival | undefined)?.unix ?? false;
}

/** Whether a response is sent piece by piece, perhaps without an end. */
function isStream({ headers }: Response): boolean {
  return /^(text\/event-stream|application\/x-ndjson)\b/.test(headers.get("content-type") ?? "");
}

/** A response of the page. */
function reply(c: Context, { body, status, headers }: Reply): Response {
  return c.newResponse(body, { status: status as 200, headers });
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
