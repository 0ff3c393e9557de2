import type { Context } from "hono";
import { answer, type AnswerOptions, headingOf } from "../answers/mod.ts";
import {
  type Answer,
  OFFER_SCHEMA,
  OFFERS_SCHEMA,
  REFUSAL_SCHEMA,
  REFUSALS_SCHEMA,
  SESSION_SCHEMA,
} from "../documents/mod.ts";
import { type AskWorld, optionsFor } from "./ask_world.ts";
import type { WithBody } from "./bodies.ts";
import { HttpProblem } from "./problem.ts";
import { offersWanted, refusalsWanted } from "./query.ts";
import { readIdentity } from "./read_identity.ts";
import type { Route } from "./route.ts";
import type { Session, Sessions } from "./sessions.ts";

/** The routes of sessions: open, write a source, read offers and refusals, close. */
export function sessionRoutes(
  world: AskWorld,
  { sessions, withBody }: { sessions: Sessions; withBody: WithBody },
): Route[] {
  const session = (c: Context): Session => sessions.get(c.req.param("id")!);
  return [
    ["POST", "/v1/sessions", async (c) => {
      const opened = sessions.open(await world.newest());
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
        const options = await optionsFor(world, c, { snapshot, source });
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
