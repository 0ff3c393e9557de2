import {
  type Answer,
  type End,
  END_SCHEMA,
  OFFER_SCHEMA,
  REFUSAL_SCHEMA,
} from "../documents/mod.ts";
import { asHttpProblem } from "./problem.ts";
import { answerSoFar, isPending, type Question, testNext, type Wanted } from "./question.ts";

/** About how many characters are made at a time. The next ones are made when the reader has taken these. */
const CHUNK_CHARS = 16 << 10;

/**
 * The answer to a question, one document per line: offers, refusals, and the end.
 *
 * Offers come best first, as in the document of the whole answer. While tests are made, each offer is written as soon as
 * no candidate that is still to be tested can come before it. Refusals follow when all tests are made, because the order
 * among them depends on the results. The last line says whether the answer is complete, and if not, why.
 */
export async function* answerLines(
  question: Question,
  { wanted, stopping, gone, onError }: {
    wanted: Wanted;
    stopping: AbortSignal;
    gone: AbortSignal;
    onError: (error: unknown) => void;
  },
): AsyncGenerator<string> {
  const listed = { offered: 0, refused: 0 };
  try {
    while (isPending(question)) {
      const { size } = question.trial!.pending;
      const { offers } = answerSoFar(question, { ...wanted, refusals: "none" });
      yield* toLines(OFFER_SCHEMA, offers.slice(listed.offered));
      listed.offered = Math.max(listed.offered, offers.length);
      // While this reader took its lines, another one may have made a test: then more is known.
      if (question.trial!.pending.size === size) {
        await testNext(question.trial!, { stopping, gone });
      }
    }
    const { offers, refusals, ...end } = answerSoFar(question, wanted);
    yield* toLines(OFFER_SCHEMA, offers.slice(listed.offered));
    yield* toLines(REFUSAL_SCHEMA, refusals);
    yield endLine(end, { complete: true, reason: null });
  } catch (error) {
    onError(error);
    const { offers: _, refusals: __, ...end } = answerSoFar(question, {
      offers: 0,
      refusals: "none",
    });
    const { message: reason } = asHttpProblem(error);
    yield endLine({ ...end, ...listed }, { complete: false, reason });
  }
}

/** Items as lines, in chunks. */
function* toLines(schema: string, items: readonly object[]): Generator<string> {
  let text = "";
  for (const item of items) {
    text += `${JSON.stringify({ schema, ...item })}\n`;
    if (text.length < CHUNK_CHARS) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}

function endLine(
  { snapshot, takenAt, source, preflight, reasons, offered, omitted, refused, notSeen, problems }:
    Omit<Answer, "offers" | "refusals">,
  { complete, reason }: Pick<End, "complete" | "reason">,
): string {
  const end: End = {
    schema: END_SCHEMA,
    complete,
    reason,
    snapshot,
    takenAt,
    source,
    preflight,
    offered,
    omitted,
    refused,
    reasons,
    notSeen,
    problems,
  };
  return `${JSON.stringify(end)}\n`;
}
