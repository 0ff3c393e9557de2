import { type Context, Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import { answer, deviceOf, identify, type TestAnswer, type TestTarget } from "../agent/mod.ts";
import { listCandidates, type TestResults } from "../compat/mod.ts";
import { type Answer, Failure, type Identity, type Snapshot } from "../identity/mod.ts";
import { checkDoor, readJson } from "./door.ts";
import { asHttpProblem, HttpProblem, toResponse } from "./problem.ts";
import { readIdentity, readTest } from "./read_identity.ts";
import { makeSessions, type Session } from "./sessions.ts";

/** What the application answers from. */
export interface AppWorld {
  /** The newest snapshot of the host. */
  newest: () => Promise<Snapshot>;
  nowMs: () => number;
  version: string;
  /** Write and test; where it is left out, nothing is tested. */
  test?: (snapshot: Snapshot, source: Identity, target: TestTarget) => Promise<TestAnswer>;
  /** Tests what the source's driver could take. */
  testAll?: (snapshot: Snapshot, source: Identity) => Promise<TestResults>;
}

/** How a request came in. */
export interface Arrival {
  unix: boolean;
}

/** The most devices that one request may ask for together. */
const MAX_SOURCES = 64;

type Handler = (c: Context) => Response | Promise<Response>;

/**
 * The application: `app.request("/v1/devices")` in tests, `app.fetch(request, { unix })` behind a server.
 */
export function makeApp(
  { newest, nowMs, version, test, testAll }: AppWorld,
): Hono<{ Bindings: Arrival }> {
  const sessions = makeSessions(nowMs);
  const list = (select: (snapshot: Snapshot) => Record<string, unknown>): Handler => async (c) => {
    const snapshot = await newest();
    const { takenAt, problems } = snapshot;
    return c.json({ snapshot: snapshot.snapshot, takenAt, ...select(snapshot), problems });
  };
  const answerTo = async (c: Context, snapshot: Snapshot, source: Identity): Promise<Answer> => {
    const tests = wantsPreflight(c) ? await testAll?.(snapshot, source) : undefined;
    return answer(snapshot, source, tests);
  };
  const session = (c: Context): Session => sessions.get(c.req.param("id")!);

  const routes: readonly [method: string, path: string, handler: Handler][] = [
    ["GET", "/healthz", async (c) => {
      const { snapshot, takenAt } = await newest();
      return c.json({ ok: true, version, snapshot, takenAt, sessions: sessions.size });
    }],
    ["GET", "/v1/devices", list(({ devices }) => ({ devices }))],
    ["GET", "/v1/devices/:id", async (c) => c.json(deviceOf(await newest(), c.req.param("id")!))],
    [
      "GET",
      "/v1/devices/:id/identity",
      async (c) => c.json(identify(await newest(), c.req.param("id")!)),
    ],
    ["GET", "/v1/types", list(({ types }) => ({ types }))],
    [
      "GET",
      "/v1/configurations",
      list((snapshot) => ({ configurations: listCandidates(snapshot) })),
    ],
    ["GET", "/v1/snapshot", async (c) => c.json(await newest())],
    ["POST", "/v1/ask", async (c) => {
      const body = await readJson(c.req.raw);
      const snapshot = await newest();
      return c.json(await askOnce(snapshot, body, (source) => answerTo(c, snapshot, source)));
    }],
    ["POST", "/v1/test", async (c) => {
      const { source, target } = readTest(await readJson(c.req.raw));
      const snapshot = await newest();
      const { takenAt } = snapshot;
      if (test === undefined) {
        throw new Failure("not-permitted", "Cannot test: tests are off", { subject: "test" });
      }
      const tested = await test(snapshot, source, target);
      return c.json({ snapshot: snapshot.snapshot, takenAt, source: source.id, ...tested });
    }],
    ["POST", "/v1/sessions", async (c) => {
      const { id, snapshot } = sessions.open(await newest());
      const { takenAt } = snapshot;
      return c.json({ id, snapshot: snapshot.snapshot, takenAt }, 201, {
        location: `/v1/sessions/${id}`,
      });
    }],
    ["GET", "/v1/sessions/:id", (c) => c.json(describe(session(c)))],
    ["DELETE", "/v1/sessions/:id", (c) => {
      sessions.close(c.req.param("id")!);
      return c.body(null, 204);
    }],
    ["PUT", "/v1/sessions/:id/source", async (c) => {
      session(c);
      const source = readIdentity(await readJson(c.req.raw));
      const open = session(c);
      const answered = await answerTo(c, open.snapshot, source);
      open.source = source;
      open.answer = answered;
      return c.json(describe(open));
    }],
    ["GET", "/v1/sessions/:id/offers", (c) => part(c, answerOf(session(c)), "offers")],
    ["GET", "/v1/sessions/:id/refusals", (c) => part(c, answerOf(session(c)), "refusals")],
  ];

  // The default router compiles all routes at the first request; this one is ready at once.
  const app = new Hono<{ Bindings: Arrival }>({ router: new TrieRouter() });
  app.use(async (c, next) => {
    c.header("x-request-id", requestId(c));
    c.header("cache-control", "no-store");
    checkDoor(c.req.raw, { unix: c.env?.unix ?? false });
    await next();
  });
  for (const [method, path, handler] of routes) app.on(method, path, handler);
  for (const path of new Set(routes.map(([, path]) => path))) {
    const allow = routes.filter(([, other]) => other === path).map(([method]) => method).join(", ");
    app.all(path, (c) => {
      throw new HttpProblem("method-not-allowed", `${c.req.method} is not for ${c.req.path}`, {
        value: c.req.method,
        remedy: `Use ${allow}.`,
        headers: { allow },
      });
    });
  }
  app.notFound((c) => {
    const remedy = "See the README for the paths there are.";
    const problem = new HttpProblem("not-found", `There is nothing at ${c.req.path}`, { remedy });
    return toResponse(problem, requestId(c));
  });
  app.onError((error, c) => {
    const problem = asHttpProblem(error);
    if (problem.problem === "internal") console.error(`request ${requestId(c)}:`, error);
    return toResponse(problem, requestId(c));
  });
  return app;
}

/** The caller's own id for the request where it gave a plain one, else a new one. */
function requestId(c: Context): string {
  const kept = c.get("requestId") as string | undefined;
  if (kept !== undefined) return kept;
  const given = c.req.header("x-request-id") ?? "";
  const id = /^[\w.-]{1,64}$/.test(given) ? given : crypto.randomUUID();
  c.set("requestId", id);
  return id;
}

function describe({ id, snapshot, source, answer }: Session) {
  return {
    id,
    snapshot: snapshot.snapshot,
    takenAt: snapshot.takenAt,
    source: source === null ? null : { id: source.id, type: source.type },
    offers: answer?.offers.length ?? null,
    refusals: answer?.refusals.length ?? null,
  };
}

function answerOf({ answer, id }: Session): Answer {
  if (answer !== null) return answer;
  throw new HttpProblem("source-missing", `No source was written to session ${id}`, {
    remedy: `PUT the source's identity to /v1/sessions/${id}/source.`,
  });
}

/** One part of an answer: as NDJSON, one a line, until the end; or as one JSON document. */
function part(c: Context, answer: Answer, name: "offers" | "refusals"): Response {
  const items: readonly unknown[] = answer[name];
  if (c.req.header("accept")?.includes("application/x-ndjson")) {
    return c.body(items.map((item) => JSON.stringify(item) + "\n").join(""), 200, {
      "content-type": "application/x-ndjson",
    });
  }
  const { snapshot, takenAt, source, problems } = answer;
  return c.json({ snapshot, takenAt, source, [name]: items, problems });
}

/** One source, an identity as it is; or `{ "sources": [ … ] }`, all devices of a virtual machine. */
async function askOnce(
  snapshot: Snapshot,
  body: unknown,
  answerTo: (source: Identity) => Promise<Answer>,
) {
  const sources = (body as { sources?: unknown } | null)?.sources;
  if (sources === undefined) return await answerTo(readIdentity(body));
  if (!Array.isArray(sources) || sources.length === 0 || sources.length > MAX_SOURCES) {
    throw new HttpProblem("identity-invalid", `sources: expected 1 to ${MAX_SOURCES} identities`, {
      pointer: "/sources",
      value: Array.isArray(sources) ? `${sources.length} identities` : sources,
      remedy: "Send the identities in an array, or a single one by itself.",
    });
  }
  const { takenAt, host, problems } = snapshot;
  const read = sources.map((source, index) => readIdentity(source, ["sources", index]));
  const answers = [];
  for (const source of read) {
    const { offers, refusals, source: asked } = await answerTo(source);
    answers.push({ source: asked, offers, refusals });
  }
  return {
    schema: "vfio-ask/answers/v1",
    snapshot: snapshot.snapshot,
    takenAt,
    host,
    answers,
    problems,
  };
}

/** Whether the caller wants drivers to be asked: `?preflight=1`. */
function wantsPreflight(c: Context): boolean {
  const given = c.req.query("preflight") ?? "0";
  if (["0", "1", "false", "true"].includes(given)) return given === "1" || given === "true";
  throw new HttpProblem("bad-request", `preflight: ${given} is neither 1 nor 0`, {
    value: given,
    remedy: "Write ?preflight=1.",
  });
}
