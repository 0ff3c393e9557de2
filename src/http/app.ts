import { type Context, Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import {
  answer,
  type AnswerOptions,
  answerTogether,
  deviceDocument,
  headingOf,
  listDocument,
  type ListName,
  MAX_TOGETHER,
  rulesDocument,
  testDocument,
} from "../answers/mod.ts";
import {
  type Answer,
  deviceOf,
  formatSnapshot,
  HEALTH_SCHEMA,
  identify,
  type Identity,
  OFFER_SCHEMA,
  OFFERS_SCHEMA,
  type Problem,
  READINESS_SCHEMA,
  REFUSAL_SCHEMA,
  REFUSALS_SCHEMA,
  SESSION_SCHEMA,
  shownName,
  type Snapshot,
} from "../documents/mod.ts";
import type { RulesState } from "../config/mod.ts";
import type { PageWorld, Reply } from "../page/mod.ts";
import type { TestAnswer } from "../trials/mod.ts";
import type { TestTarget } from "../tasks/mod.ts";
import type { SubsystemMode, TestResults } from "../judge/ask/mod.ts";
import { formatMetrics, type Measures } from "../export/mod.ts";
import type { Log } from "../systemd/mod.ts";
import { answerText } from "./answer_text.ts";
import type { Authorise } from "./authorise.ts";
import { makeBodyReader } from "./bodies.ts";
import { checkDoor } from "./door.ts";
import { checkParameters, PARAMETERS } from "./parameters.ts";
import type { EventStreams } from "./event_streams.ts";
import { asHttpProblem, HttpProblem, toResponse } from "./problem.ts";
import { answerWanted, isWanted, offersWanted, plansWanted, refusalsWanted } from "./query.ts";
import { readIdentity, readTest } from "./read_identity.ts";
import { makeRefusalLog } from "./refusal_log.ts";
import { makeSessions, type Session } from "./sessions.ts";

/** What the application needs to answer requests. */
export interface AppWorld {
  /** The newest snapshot of the host. It contains the named device or parent if the host has it. */
  newest: (named?: string) => Promise<Snapshot>;
  /** The last snapshot, without observing the host again. For monitoring. */
  last: () => Promise<Snapshot>;
  nowMs: () => number;
  version: string;
  /** Tests a source on a target. */
  test: (snapshot: Snapshot, source: Identity, target: TestTarget) => Promise<TestAnswer>;
  /** Tests all candidates for the source. Reports the problems and returns them for the answer. */
  testAll: (
    snapshot: Snapshot,
    source: Identity,
  ) => Promise<{ tests: TestResults; problems: Problem[] }>;
  /** The current rule files. */
  rules: () => RulesState;
  /** The doctor's findings about a snapshot's host, for the page. */
  diagnose: PageWorld["diagnose"];
  /** How to judge subsystem IDs that differ from the source's. Read for each request, because it can change. */
  subsystem: SubsystemMode;
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

type Handler = (c: Context) => Response | Promise<Response>;

/** Makes the application: `app.request("/v1/devices")` in tests, `app.fetch(request, { unix })` behind a server. */
export function makeApp(
  world: AppWorld,
): Hono<{ Bindings: Arrival }> {
  const { newest, last, nowMs, version, test, testAll, rules, events, diagnose, ...door } = world;
  const { authorise, notReady, log, measures } = door;
  const sessions = makeSessions(nowMs);
  const refuse = makeRefusalLog(log, nowMs);
  const withBody = makeBodyReader();
  const list = (name: ListName): Handler => async (c) => c.json(listDocument(await newest(), name));
  const optionsFor = async (c: Context, snapshot: Snapshot, source: Identity) => {
    const options = { ...answerWanted(c), subsystem: world.subsystem };
    if (!isWanted(c, "preflight", false)) return options;
    return { ...options, ...await testAll(snapshot, source) };
  };
  const session = (c: Context): Session => sessions.get(c.req.param("id")!);
  // Loaded on demand: programs never ask for the page.
  const loadPage = () => import("../page/mod.ts");
  const pageOf = (c: Context): PageWorld => ({
    version,
    newest,
    rules,
    diagnose,
    fetch: async (request) => await app.fetch(request, c.env),
  });

  const routes: readonly [method: string, path: string, handler: Handler][] = [
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
      const measured = { version, snapshot, rules: rules(), sessions: sessions.size, measures };
      return c.text(formatMetrics(measured), 200, {
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
    ["POST", "/v1/ask", (c) =>
      withBody(c.req.raw, async (body) => {
        const snapshot = await newest();
        const optionsOf = (source: Identity) => optionsFor(c, snapshot, source);
        const answered = await askOnce(snapshot, body, optionsOf, plansWanted(c));
        return "together" in answered ? c.json(answered) : jsonText(c, answerText(answered));
      })],
    ["POST", "/v1/test", (c) =>
      withBody(c.req.raw, async (body) => {
        const { source, target } = readTest(body);
        const snapshot = await newest("device" in target ? target.device : target.parent);
        return c.json(testDocument(snapshot, source, await test(snapshot, source, target)));
      })],
    ["POST", "/v1/sessions", async (c) => {
      const opened = sessions.open(await newest());
      return c.json(describe(opened), 201, { location: `/v1/sessions/${opened.id}` });
    }],
    ["GET", "/v1/sessions/:id", (c) => c.json(describe(session(c)))],
    ["DELETE", "/v1/sessions/:id", (c) => {
      sessions.close(c.req.param("id")!);
      return c.body(null, 204);
    }],
    ["PUT", "/v1/sessions/:id/source", (c) => {
      const { id, snapshot } = session(c);
      return withBody(c.req.raw, async (body, bytes) => {
        const source = readIdentity(body);
        const options = await optionsFor(c, snapshot, source);
        const { offered, refused } = answer(snapshot, source, {
          ...options,
          refusals: "none",
          offers: 0,
        });
        return c.json(describe(sessions.write(id, { source, options, bytes, offered, refused })));
      });
    }],
    ["GET", "/v1/sessions/:id/offers", (c) => {
      refusalsWanted(c);
      const offers = offersWanted(c) ?? Infinity;
      return part(c, answerOf(session(c), { offers, refusals: "none" }), "offers");
    }],
    ["GET", "/v1/sessions/:id/refusals", (c) => {
      offersWanted(c);
      const refusals = refusalsWanted(c);
      const wanted = refusals === null ? {} : { refusals };
      return part(c, answerOf(session(c), { offers: 0, ...wanted }), "refusals");
    }],
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
  for (const [method, path, handler] of routes) {
    const route = `${method} ${path}`;
    const known = PARAMETERS[route] ?? [];
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

/** The routes that start a preflight. Others do with `?preflight=1`. */
const TESTING: ReadonlySet<string> = new Set(["POST /v1/test"]);
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

/** A response with a JSON document that is already text. */
function jsonText(c: Context, text: string): Response {
  return c.body(text, 200, { "content-type": "application/json" });
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

function describe({ id, snapshot, written }: Session) {
  return {
    schema: SESSION_SCHEMA,
    id,
    ...headingOf(snapshot),
    source: written === null ? null : { id: written.source.id, type: written.source.type },
    offers: written?.offered ?? null,
    refusals: written?.refused ?? null,
    problems: [...snapshot.problems, ...written?.options.problems ?? []],
  };
}

/** Computes the answer for a session's source each time, because the answer is far larger than the source. */
function answerOf(
  { snapshot, written, id }: Session,
  wanted: Pick<AnswerOptions, "offers" | "refusals">,
): Answer {
  if (written !== null) return answer(snapshot, written.source, { ...written.options, ...wanted });
  throw new HttpProblem("source-missing", `Session ${id} has no source yet`, {
    remedy: `PUT the source's identity to /v1/sessions/${id}/source.`,
  });
}

/**
 * The parts of an answer that sessions serve: the schemas of the document and of a line, and the field of the count.
 */
const PARTS = {
  offers: { schema: OFFERS_SCHEMA, lineSchema: OFFER_SCHEMA, count: "offered" },
  refusals: { schema: REFUSALS_SCHEMA, lineSchema: REFUSAL_SCHEMA, count: "refused" },
} as const;

/** One part of an answer, as NDJSON or as one JSON document. */
function part(c: Context, answer: Answer, name: keyof typeof PARTS): Response {
  const items: readonly object[] = answer[name];
  const { schema, lineSchema, count } = PARTS[name];
  if (c.req.header("accept")?.includes("application/x-ndjson")) {
    const lines = items.map((item) => JSON.stringify({ schema: lineSchema, ...item }) + "\n");
    return c.body(lines.join(""), 200, { "content-type": "application/x-ndjson" });
  }
  const { snapshot, takenAt, host, source, notSeen, problems } = answer;
  const heading = { schema, snapshot, takenAt, host, source };
  return c.json({ ...heading, [count]: answer[count], [name]: items, notSeen, problems });
}

/** Answers for one identity, or for `{ "sources": [ … ] }`, all devices of a virtual machine. */
async function askOnce(
  snapshot: Snapshot,
  body: unknown,
  optionsOf: (source: Identity) => Promise<AnswerOptions>,
  plans: number,
) {
  const sources = (body as { sources?: unknown } | null)?.sources;
  if (sources === undefined) {
    const source = readIdentity(body);
    return answer(snapshot, source, await optionsOf(source));
  }
  if (!Array.isArray(sources) || sources.length === 0 || sources.length > MAX_TOGETHER) {
    throw new HttpProblem("identity-invalid", `sources: expected 1 to ${MAX_TOGETHER} identities`, {
      pointer: "/sources",
      value: Array.isArray(sources) ? `${sources.length} identities` : sources,
      remedy: "Send an array of identities, or a single identity without the array.",
    });
  }
  const read = sources.map((source, index) => readIdentity(source, ["sources", index]));
  const ids = read.map(({ id }) => id);
  const twice = ids.findIndex((id, index) => ids.indexOf(id) !== index);
  if (twice !== -1) {
    throw new HttpProblem("identity-invalid", `sources: ${ids[twice]} occurs twice`, {
      pointer: `/sources/${twice}/id`,
      value: ids[twice],
      remedy: "Send each device of the virtual machine once.",
    });
  }
  const options = new Map<Identity, AnswerOptions>();
  for (const source of read) options.set(source, await optionsOf(source));
  return answerTogether(snapshot, read, { optionsOf: (source) => options.get(source)!, plans });
}
