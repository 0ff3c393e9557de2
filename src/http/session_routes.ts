import type { Context } from "hono";
import { headingOf } from "../answers/mod.ts";
import { type Answer, OFFERS_SCHEMA, REFUSALS_SCHEMA, SESSION_SCHEMA } from "../documents/mod.ts";
import type { AskWorld } from "./ask_world.ts";
import type { WithBody } from "./bodies.ts";
import { HttpProblem } from "./problem.ts";
import { offersWanted, refusalsWanted, wantsLines } from "./query.ts";
import {
  answerSoFar,
  finishTests,
  isPending,
  openQuestion,
  type Question,
  type Wanted,
} from "./question.ts";
import { readIdentity } from "./read_identity.ts";
import type { Route } from "./route.ts";
import type { Session, Sessions, Written } from "./sessions.ts";
import { streamAnswer } from "./stream_answer.ts";
import type { LineStreams } from "./line_streams.ts";

/** The routes of sessions: open, write a source, read offers and refusals, close. */
export function sessionRoutes(
  world: AskWorld,
  { sessions, streams, withBody }: { sessions: Sessions; streams: LineStreams; withBody: WithBody },
): Route[] {
  const session = (c: Context): Session => sessions.get(c.req.param("id")!);
  // The answer is computed for each reader, because it is far larger than the source.
  const read = async (c: Context, name: Part, wanted: Wanted): Promise<Response> => {
    const question = questionOf(session(c));
    if (wantsLines(c)) return streamAnswer(c, question, { ...world, streams, wanted }).response;
    await finishTests(question, world.stopping, c);
    return c.json(partDocument(answerSoFar(question, wanted), name));
  };
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
      return withBody(c.req.raw, async ({ json, bytes }) => {
        const source = readIdentity(json);
        const question = await openQuestion(world, c, { snapshot, source });
        return c.json(describe(sessions.write(id, { question, bytes, counts: null })));
      });
    }],
    ["GET", "/v1/sessions/:id/offers", (c) => {
      refusalsWanted(c);
      const offers = offersWanted(c) ?? Infinity;
      return read(c, "offers", { offers, refusals: "none" });
    }],
    ["GET", "/v1/sessions/:id/refusals", (c) => {
      offersWanted(c);
      const refusals = refusalsWanted(c);
      return read(c, "refusals", { offers: 0, ...(refusals === null ? {} : { refusals }) });
    }],
  ];
}

function describe({ id, snapshot, written }: Session) {
  const counts = written === null ? null : countsOf(written);
  const source = written?.question.source;
  return {
    schema: SESSION_SCHEMA,
    id,
    ...headingOf(snapshot),
    source: source === undefined ? null : { id: source.id, type: source.type },
    offers: counts?.offered ?? null,
    refusals: counts?.refused ?? null,
    problems: [...snapshot.problems, ...written?.question.trial?.problems ?? []],
  };
}

/** The numbers of offers and refusals; null while tests are pending. */
function countsOf(written: Written): Written["counts"] {
  if (isPending(written.question)) return null;
  return written.counts ??= answerSoFar(written.question, { offers: 0, refusals: "none" });
}

/** The question of a session. Throws an {@link HttpProblem} if no source is written. */
function questionOf({ written, id }: Session): Question {
  if (written !== null) return written.question;
  throw new HttpProblem("source-missing", `Session ${id} has no source yet`, {
    remedy: `PUT the source's identity to /v1/sessions/${id}/source.`,
  });
}

/** The parts of an answer that sessions serve as one document: its schema, and the field of the count. */
const PARTS = {
  offers: { schema: OFFERS_SCHEMA, count: "offered" },
  refusals: { schema: REFUSALS_SCHEMA, count: "refused" },
} as const;
type Part = keyof typeof PARTS;

function partDocument(answer: Answer, name: Part): object {
  const { schema, count } = PARTS[name];
  const { snapshot, takenAt, host, source, notSeen, problems } = answer;
  const heading = { schema, snapshot, takenAt, host, source };
  return { ...heading, [count]: answer[count], [name]: answer[name], notSeen, problems };
}
