import { raw } from "hono/html";
import type { Piece, Place } from "./answer.tsx";

/** Where an answer appears: empty, or with the pieces of an answer that is complete. */
export function AnswerArea({ pieces }: { pieces: readonly Piece[] }) {
  const grown = (place: Place) =>
    raw(pieces.filter(({ into }) => into === place).map(({ html }) => html).join("\n"));
  const last = (place: Place) => raw(pieces.findLast(({ into }) => into === place)?.html ?? "");
  const isEmpty = pieces.length === 0;
  const has = (place: Place) => pieces.some(({ into }) => into === place);
  return (
    <section id="answer" aria-labelledby="answer-title" tabindex={-1}>
      <h3 id="answer-title" class="hidden">Answer</h3>
      <p class="empty" id="no-answer" hidden={!isEmpty}>
        <b>Which configurations of this host can take the source?</b>{" "}
        Offers come best first, each with its evidence and what QEMU needs. Refusals come with all
        reasons.
      </p>
      <div id="answer-source">{last("source")}</div>
      <div id="answer-summary" role="status" aria-live="polite">{last("summary")}</div>
      <ol id="answer-offers" aria-label="Offers, best first" hidden={!has("offers")}>
        {grown("offers")}
      </ol>
      <details id="answer-refused" open hidden={!has("refusals")}>
        <summary>Refused, with reasons</summary>
        <ul id="answer-refusals" aria-label="Refusals">{grown("refusals")}</ul>
      </details>
    </section>
  );
}
