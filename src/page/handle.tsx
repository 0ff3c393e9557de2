import { answerPieces, type Piece } from "./answer.tsx";
import { AnswerArea } from "./answer_area.tsx";
import { AskForm } from "./ask_form.tsx";
import { askQuestion, EMPTY_QUESTION, type Question, readQuestion } from "./ask_question.ts";
import { sendAsset } from "./assets.ts";
import { DeviceDetails } from "./device.tsx";
import { DeviceRows, Devices } from "./devices.tsx";
import { Doctor } from "./doctor.tsx";
import { type HostNow, seeHost } from "./host_now.ts";
import { Foot, toDocument, TopBar } from "./layout.tsx";
import { Live } from "./live.tsx";
import { Overview } from "./overview.tsx";
import type { PageWorld, Reply } from "./page_world.ts";
import { Parents } from "./parents.tsx";
import { Rules } from "./rules.tsx";
import { toHtml } from "./to_html.ts";
import { readViewQuery, type ViewQuery } from "./view_query.ts";

/** The files of the page. */
export { sendAsset };

/**
 * What a browser may do with the page: load its own files, send its own forms, and nothing else. The policy for the
 * referrer is not `no-referrer`, with which a browser names no origin for a form either.
 */
const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;

/**
 * The page, or the part of it that the query names: `?part=live` gives all parts that follow the host, `?part=device`
 * the details of a device.
 */
export async function showPage(world: PageWorld, request: Request): Promise<Reply> {
  const params = new URL(request.url).searchParams;
  const query = readViewQuery(params);
  const now = await seeHost(world, query.device ?? undefined);
  const part = params.get("part");
  if (part === "live") return html(toHtml(<LiveParts now={now} query={query} />));
  if (part === "device") return html(toHtml(<DeviceDetails now={now} id={query.device ?? ""} />));
  const question = { ...EMPTY_QUESTION, device: query.source ?? "" };
  return html(wholePage({ now, query, question, pieces: [] }));
}

/**
 * Asks what the form says. `?part=answer` gives the pieces of the answer as they arrive, one JSON document a line, for
 * the script. Otherwise, the whole page with the answer.
 */
export async function answerForm(
  world: PageWorld,
  request: Request,
  form: FormData,
): Promise<Reply> {
  const question = await readQuestion(form);
  const parts = askQuestion(world, request, question);
  const params = new URL(request.url).searchParams;
  if (params.get("part") === "answer") {
    const headers = { ...HEADERS, "content-type": "application/x-ndjson" };
    return { status: 200, headers, body: linesOf(answerPieces(parts)) };
  }
  const pieces = await Array.fromAsync(answerPieces(parts));
  const now = await seeHost(world);
  return html(wholePage({ now, query: readViewQuery(params), question, pieces }));
}

/** The page for an error: a browser that asks for the page should not get JSON. */
export function showError(
  { title, detail, remedy, status }: {
    title: string;
    detail: string;
    remedy: string | null;
    status: number;
  },
  requestId: string,
): Reply {
  const body = (
    <main class="alone">
      <h1>{title}</h1>
      <p>{detail}</p>
      {remedy === null ? null : <p class="fix">{remedy}</p>}
      <p class="quiet small">Request {requestId}</p>
      <p>
        <a class="button" href="/">Try again</a>
      </p>
    </main>
  );
  return html(toDocument("vfio-ask: error", body), status);
}

function html(body: string, status = 200): Reply {
  return { status, headers: HEADERS, body };
}

function wholePage({ now, query, question, pieces }: {
  now: HostNow;
  query: ViewQuery;
  question: Question;
  pieces: readonly Piece[];
}): string {
  const { host } = now.snapshot;
  const body = (
    <>
      <TopBar host={host.name} />
      <main id="main" tabindex={-1}>
        <h1 class="hidden">{host.name}: live migration of VFIO devices</h1>
        <section aria-label="The host at a glance" id="overview">
          <Live id="live-overview">
            <Overview now={now} />
          </Live>
        </section>
        <section id="ask" aria-labelledby="ask-title">
          <h2 id="ask-title">Ask</h2>
          <div class="ask">
            <AskForm question={question} />
            <AnswerArea pieces={pieces} />
          </div>
        </section>
        {query.device === null
          ? null
          : (
            <section id="device" class="card" aria-label="Details of a device">
              <DeviceDetails now={now} id={query.device} />
              <p>
                <a class="button" href="/#devices">Close</a>
              </p>
            </section>
          )}
        <Devices now={now} query={query} />
        <section id="parents" aria-labelledby="parents-title">
          <Live id="live-parents">
            <Parents now={now} />
          </Live>
        </section>
        <section id="doctor" aria-labelledby="doctor-title">
          <Live id="live-doctor">
            <Doctor now={now} />
          </Live>
        </section>
        <section id="rules" aria-labelledby="rules-title">
          <Live id="live-rules">
            <Rules now={now} />
          </Live>
        </section>
      </main>
      <Foot version={now.version} />
    </>
  );
  return toDocument(`${host.name} – vfio-ask`, body);
}

/** All parts that follow the host, for the script. */
function LiveParts({ now, query }: { now: HostNow; query: ViewQuery }) {
  return (
    <>
      <Live id="live-overview">
        <Overview now={now} />
      </Live>
      <table>
        <DeviceRows now={now} query={query} />
      </table>
      <Live id="live-parents">
        <Parents now={now} />
      </Live>
      <Live id="live-doctor">
        <Doctor now={now} />
      </Live>
      <Live id="live-rules">
        <Rules now={now} />
      </Live>
    </>
  );
}

/** Pieces as lines of JSON, which go out at once. */
function linesOf(pieces: AsyncGenerator<Piece>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(JSON.stringify(value) + "\n"));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
