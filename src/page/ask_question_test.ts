import { assertEquals } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { answerPieces } from "./answer.tsx";
import { askQuestion, EMPTY_QUESTION } from "./ask_question.ts";
import type { PageWorld } from "./page_world.ts";

/** A world whose API streams these chunks of NDJSON. */
function streaming(chunks: AsyncIterable<string>, asked: Request[] = []): PageWorld {
  const unused = () => Promise.reject(new Error("not expected"));
  return {
    version: "1.2.3",
    newest: unused,
    diagnose: unused,
    rules: () => ({ files: [], inForce: [] }),
    fetch: (request) => {
      asked.push(request);
      const body = ReadableStream.from(chunks).pipeThrough(new TextEncoderStream());
      const headers = { "content-type": "application/x-ndjson" };
      return Promise.resolve(new Response(body, { headers }));
    },
  };
}

const FROM = new Request("http://127.0.0.1:7431/", { headers: { authorization: "Bearer abc" } });
const QUESTION = { ...EMPTY_QUESTION, identity: JSON.stringify(mttyIdentity()) };
const OFFER = {
  schema: "vfio-ask/offer/v1",
  rank: 1,
  configuration: { kind: "device", type: "mtty-2", id: "x" },
  verdict: "compatible",
  evidence: "vendor-rule",
  needs: [],
  availability: { now: true, instances: 1 },
  reasons: [],
  warnings: [],
  create: null,
  rule: null,
  order: {},
};
const END = {
  schema: "vfio-ask/end/v1",
  complete: false,
  offered: 1,
  refused: 0,
  problems: [],
  reason: "the server stops",
};

Deno.test("askQuestion() gives each line of a stream before the next arrives", async () => {
  const given = Promise.withResolvers<void>();
  let isGiven = false;
  const text = JSON.stringify(OFFER) + "\n";
  async function* chunks() {
    yield text.slice(0, 20);
    yield text.slice(20);
    // The stream goes on only after the offer was given.
    await given.promise;
    yield JSON.stringify(END);
  }
  const seen: string[] = [];
  for await (
    const { into, html } of answerPieces(askQuestion(streaming(chunks()), FROM, QUESTION))
  ) {
    seen.push(into);
    if (into === "offers") {
      isGiven = true;
      given.resolve();
    }
    if (into === "summary" && isGiven && html.includes("incomplete")) seen.push("end");
  }
  assertEquals(seen, ["source", "summary", "offers", "summary", "summary", "end"]);
});

Deno.test("askQuestion() asks with the rights of the page's request, and its choices", async () => {
  const asked: Request[] = [];
  async function* nothing() {}
  const question = { ...QUESTION, freeFirst: true, unknown: false, all: true };
  await Array.fromAsync(askQuestion(streaming(nothing(), asked), FROM, question));
  const [{ url, headers }] = asked as [Request];
  assertEquals(url, "http://127.0.0.1:7431/v1/ask?order=available&unknown=0&offers=all");
  assertEquals(headers.get("authorization"), "Bearer abc");
});
