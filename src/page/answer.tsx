import { type Answers, configurationWords } from "../answers/mod.ts";
import {
  type Answer,
  ANSWER_SCHEMA,
  ANSWERS_SCHEMA,
  type Offer,
  OFFER_SCHEMA,
  type Problem,
  type Reason,
  type Refusal,
  REFUSAL_SCHEMA,
} from "../documents/mod.ts";
import type { AnswerPart, Refused } from "./ask_question.ts";
import { OfferItem, Reasons, RefusalItem } from "./offer.tsx";
import { plural, State } from "./parts.tsx";
import { toHtml } from "./to_html.ts";

/** The places of an answer on the page. `source` and `summary` are replaced, the others grow. */
export const PLACES = ["source", "summary", "offers", "refusals"] as const;
export type Place = (typeof PLACES)[number];

/** HTML that goes to a place of the answer. */
export interface Piece {
  into: Place;
  html: string;
}

/** The pieces of an answer, in the order of its parts. `status` is that of the page if the API refused the question. */
export async function* answerPieces(parts: AsyncIterable<AnswerPart>): AsyncGenerator<Piece> {
  const seen = { offers: 0, refusals: 0 };
  for await (const part of parts) {
    switch (part.kind) {
      case "refused":
        yield piece("summary", <RefusedBox refused={part.refused} />);
        break;
      case "source":
        yield piece("source", <SourceLine {...part} />);
        yield piece("summary", <p class="quiet">Waiting for the first offer…</p>);
        break;
      case "document":
        yield* documentPieces(part, seen);
    }
  }
}

function* documentPieces(
  { schema, document }: AnswerPart & { kind: "document" },
  seen: { offers: number; refusals: number },
): Generator<Piece> {
  switch (schema) {
    case OFFER_SCHEMA:
      seen.offers++;
      yield piece("offers", <OfferItem offer={document as unknown as Offer} />);
      yield piece("summary", <Arriving {...seen} />);
      break;
    case REFUSAL_SCHEMA:
      seen.refusals++;
      yield piece("refusals", <RefusalItem refusal={document as unknown as Refusal} />);
      break;
    case ANSWER_SCHEMA: {
      const { offers, refusals, ...end } = document as unknown as Answer;
      for (const offer of offers) yield piece("offers", <OfferItem offer={offer} />);
      for (const refusal of refusals) yield piece("refusals", <RefusalItem refusal={refusal} />);
      yield piece("summary", <Summary {...end} listed={offers.length} />);
      break;
    }
    case ANSWERS_SCHEMA:
      yield* togetherPieces(document as unknown as Answers);
      break;
    case END_SCHEMA:
      yield piece("summary", <Summary {...document as unknown as End} listed={seen.offers} />);
  }
}

/** The last line of a stream. */
const END_SCHEMA = "vfio-ask/end/v1";

/** What the end of an answer says. */
interface End {
  offered: number;
  refused: number;
  problems: Problem[];
  complete?: boolean;
  reason?: string | null;
  reasons?: Reason[];
  omitted?: number;
}

function piece(into: Place, element: unknown): Piece {
  return { into, html: toHtml(element) };
}

function SourceLine({ id, type }: { id: string; type: string }) {
  return (
    <p>
      <span class="quiet">Source</span> <b class="mono">{id}</b>, <span class="mono">{type}</span>
    </p>
  );
}

function Arriving({ offers }: { offers: number }) {
  return <p class="quiet">{plural(offers, "offer")} so far…</p>;
}

function Summary(
  { offered, refused, problems, complete = true, reason = null, reasons = [], omitted = 0, listed }:
    & End
    & { listed: number },
) {
  return (
    <>
      <p>
        {offered === 0
          ? <State tone="no">No configuration of this host is compatible</State>
          : <State tone="ok">{plural(offered, "offer")}</State>}{" "}
        <span class="quiet">
          {refused.toLocaleString("en")} refused
          {omitted === 0 ? "" : `, ${omitted} unknown hidden`}
          {listed < offered ? `; the best ${listed} are shown` : ""}
        </span>{" "}
        {listed < offered
          ? (
            <button type="submit" form="ask-form" name="offers" value="all" class="link">
              Show all
            </button>
          )
          : null}
      </p>
      {complete ? null : (
        <p>
          <State tone="warn">The answer is incomplete</State> {reason ?? ""}
        </p>
      )}
      <Reasons title="On the whole host" reasons={reasons} />
      {problems.length === 0 ? null : (
        <details>
          <summary>{plural(problems.length, "problem")} on this host</summary>
          <ul class="reasons">
            {problems.map(({ sentence, code, remedy }) => (
              <li>
                {sentence} <code class="code">{code}</code>{" "}
                {remedy === null ? "" : <small>{remedy}</small>}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function RefusedBox({ refused: { title, detail, remedy, pointer, value } }: { refused: Refused }) {
  return (
    <div class="refused">
      <p>
        <State tone="no">{title}</State>
      </p>
      <p>{detail}</p>
      {pointer === null ? null : (
        <p class="mono small">
          {pointer}
          {value === null ? "" : ` = ${value}`}
        </p>
      )}
      {remedy === null ? null : <p class="fix">{remedy}</p>}
    </div>
  );
}

/** The answer for all devices of a virtual machine: the plan first, then the offers for each source. */
function* togetherPieces({ answers, together }: Answers): Generator<Piece> {
  const { verdict, plans, blocking } = together;
  const tone = verdict === "compatible" ? "ok" : verdict === "unknown" ? "unknown" : "no";
  yield piece(
    "source",
    <p>
      <span class="quiet">{plural(answers.length, "source")} of one virtual machine</span>
    </p>,
  );
  yield piece(
    "summary",
    <>
      <p>
        <State tone={tone}>together: {verdict}</State>
      </p>
      {plans.map(({ rank, now, placements, reasons, warnings }) => (
        <div class="group">
          <h4>Plan {rank}{now ? ", free now" : ", not free now"}</h4>
          <ul class="reasons">
            {placements.map(({ source, configuration }) => (
              <li>
                <span class="mono">{source}</span> to <b>{configurationWords(configuration)}</b>
              </li>
            ))}
          </ul>
          <Reasons title="Reasons" reasons={reasons} />
          <Reasons title="Warnings" reasons={warnings} />
        </div>
      ))}
      {blocking.map(({ source, reasons }) => (
        <Reasons title={`Blocked: ${source}`} reasons={reasons} />
      ))}
    </>,
  );
  for (const { source, offers, refusals } of answers) {
    yield piece("offers", <SourceItem id={source.id} />);
    for (const offer of offers) yield piece("offers", <OfferItem offer={offer} />);
    yield piece("refusals", <SourceItem id={source.id} />);
    for (const refusal of refusals) yield piece("refusals", <RefusalItem refusal={refusal} />);
  }
}

function SourceItem({ id }: { id: string }) {
  return (
    <li class="for">
      <span class="quiet">For</span> <b class="mono">{id}</b>
    </li>
  );
}
