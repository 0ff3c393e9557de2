import type { Context } from "hono";
import { answerLines } from "./answer_lines.ts";
import { asHttpProblem } from "./problem.ts";
import type { Question, Wanted } from "./question.ts";
import type { LineStreams } from "./line_streams.ts";

/** The answer to a question as NDJSON. `ended` is settled when nobody reads it any more. */
export function streamAnswer(
  c: Context,
  question: Question,
  { streams, stopping, wanted = {} }: {
    streams: LineStreams;
    stopping: AbortSignal;
    wanted?: Wanted;
  },
): { response: Response; ended: Promise<void> } {
  const headers = { "content-type": "application/x-ndjson" };
  // Nobody reads the body for HEAD.
  if (c.req.method === "HEAD") {
    return { response: c.body(null, 200, headers), ended: Promise.resolve() };
  }
  const onError = (error: unknown): void => {
    if (asHttpProblem(error).problem !== "internal") return;
    console.error(`request ${c.get("requestId")}:`, error);
  };
  const { body, ended } = streams.open((gone) =>
    answerLines(question, { wanted, stopping, gone, onError })
  );
  return { response: c.body(body, 200, headers), ended };
}
