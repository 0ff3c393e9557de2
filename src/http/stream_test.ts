/** Answers as NDJSON, while tests are made, and at every kind of end. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { until } from "../../tests/fixtures/fake_worker.ts";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { parseLines, readLinesOf } from "../../tests/fixtures/lines.ts";
import { mttyDevice, mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import {
  NOT_MADE,
  PASSED,
  REFUSED,
  type Step,
  stepTrial,
} from "../../tests/fixtures/step_trial.ts";
import { appWorld, problemOf } from "../../tests/fixtures/test_app.ts";
import { Failure, type Offer } from "../documents/mod.ts";
import { candidateKey, listCandidates, rankPending, type TestResult } from "../judge/ask/mod.ts";
import { makeApp } from "./app.ts";
import { makeLineStreams, STREAM_LIMITS } from "./line_streams.ts";

const SOURCE = mttyIdentity({ id: "elsewhere" });
const HOST = mttySnapshot({
  devices: ["a", "b", "c"].map((name) => mttyDevice({ id: name, parent: `mtty-${name}` })),
  types: [],
});
/** Each device is a class of its own. The best one is tested first. */
const KEYS = rankPending(HOST, SOURCE, {
  pending: new Set(listCandidates(HOST).map(candidateKey)),
});
const stepsOf = (...results: TestResult[]): Step[] =>
  results.map((result, index) => ({ keys: [KEYS[index]!], results: [result] }));

const NDJSON = { accept: "application/x-ndjson", "content-type": "application/json" };
const JSON_ONLY = { "content-type": "application/json" };

/** An app whose tests wait at a gate; `open` lets one pass. */
function gatedApp(steps: readonly Step[]) {
  const gates = steps.map(() => Promise.withResolvers<void>());
  const begun = new Set<number>();
  const trial = stepTrial(steps, (made) => {
    begun.add(made);
    return gates[made]!.promise;
  });
  const stopping = new AbortController();
  const app = makeApp(appWorld({
    newest: () => Promise.resolve(HOST),
    openTrial: () => Promise.resolve(trial),
    stopping: stopping.signal,
  }));
  const request = async (method: string, path: string, headers: HeadersInit, body?: unknown) =>
    await app.request(`http://127.0.0.1:7431${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    trial,
    begun,
    stopping,
    open: (index: number) => gates[index]!.resolve(),
    request,
    /** Asks with tests, as NDJSON. */
    ask: async () =>
      readLinesOf(await request("POST", "/v1/ask?preflight=1&refusals=each", NDJSON, SOURCE)),
    /** A session with a source and tests. */
    async openSession() {
      const { id } = await (await request("POST", "/v1/sessions", {})).json();
      const path = `/v1/sessions/${id}`;
      const response = await request("PUT", `${path}/source?preflight=1`, JSON_ONLY, SOURCE);
      return { path, written: await response.json() };
    },
  };
}

const nameOf = (line: Record<string, unknown> | null) =>
  (line as unknown as Offer | null)?.configuration?.id ?? line?.schema ?? null;

Deno.test("a stream starts with the best offer as soon as its test has passed", async () => {
  const { ask, open, trial } = gatedApp(stepsOf(PASSED, REFUSED, PASSED));
  const lines = await ask();
  open(0);
  assertEquals(nameOf(await lines.next()), "a");
  assertEquals(trial.made, 1);
  open(1);
  open(2);
  assertEquals(nameOf(await lines.next()), "c");
  assertEquals(nameOf(await lines.next()), "b");
  const end = await lines.next();
  assertEquals([end?.schema, end?.complete, end?.offered, end?.refused], [
    "vfio-ask/end/v1",
    true,
    2,
    1,
  ]);
  assertEquals(await lines.next(), null);
});

Deno.test("a stream holds an offer back while a better one can still come", async () => {
  const { ask, open, trial } = gatedApp(stepsOf(NOT_MADE, NOT_MADE, PASSED));
  const lines = await ask();
  const first = lines.next();
  open(0);
  open(1);
  await until("two tests were made", () => trial.made === 2);
  open(2);
  assertEquals(nameOf(await first), "c");
  assertEquals([nameOf(await lines.next()), nameOf(await lines.next())], ["a", "b"]);
  assertEquals((await lines.next())?.complete, true);
});

Deno.test("a stream has the lines of the document, also while tests are made", async () => {
  const results = [PASSED, REFUSED, NOT_MADE];
  for (const first of results) {
    for (const second of results) {
      const steps = stepsOf(first, second, PASSED);
      const path = "/v1/ask?preflight=1&refusals=each";
      const streamed = gatedApp(steps);
      for (const index of steps.keys()) streamed.open(index);
      const text = await (await streamed.request("POST", path, NDJSON, SOURCE)).text();
      const asked = gatedApp(steps);
      for (const index of steps.keys()) asked.open(index);
      const whole = await (await asked.request("POST", path, JSON_ONLY, SOURCE)).json();
      const { items, end } = parseLines(text);
      assertEquals(items, [
        ...whole.offers.map((offer: object) => ({ schema: "vfio-ask/offer/v1", ...offer })),
        ...whole.refusals.map((refusal: object) => ({ schema: "vfio-ask/refusal/v1", ...refusal })),
      ]);
      const { schema: _, complete, reason, ...rest } = end;
      const { schema: __, host: ___, offers: ____, refusals: _____, ...said } = whole;
      assertEquals([complete, reason, rest], [true, null, said]);
    }
  }
});

Deno.test("a stream ends with the reason if a test cannot be made, and the next reader goes on", async () => {
  const steps = stepsOf(PASSED, PASSED, PASSED);
  let broken = true;
  const trial = stepTrial(steps, (made) => {
    const failure = new Failure("in-use", "Cannot open devices", { subject: "devices" });
    return made === 1 && broken ? Promise.reject(failure) : Promise.resolve();
  });
  const app = makeApp(appWorld({
    newest: () => Promise.resolve(HOST),
    openTrial: () => Promise.resolve(trial),
  }));
  const request = async (method: string, path: string, body?: unknown) =>
    await app.request(`http://127.0.0.1:7431${path}`, {
      method,
      headers: NDJSON,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const { id } = await (await request("POST", "/v1/sessions")).json();
  await (await request("PUT", `/v1/sessions/${id}/source?preflight=1`, SOURCE)).body?.cancel();
  const cut = parseLines(await (await request("GET", `/v1/sessions/${id}/offers`)).text());
  assertEquals(cut.items.map(nameOf), ["a"]);
  assertEquals([cut.end.complete, cut.end.reason, cut.end.offered], [
    false,
    "Cannot open devices",
    1,
  ]);
  broken = false;
  const whole = parseLines(await (await request("GET", `/v1/sessions/${id}/offers`)).text());
  assertEquals([whole.items.map(nameOf), whole.end.complete], [["a", "b", "c"], true]);
  assertEquals(whole.items.slice(0, 1), cut.items);
});

Deno.test("a stream ends with the reason when the server stops, and so does a document", async () => {
  const { ask, open, stopping, request, openSession } = gatedApp(stepsOf(PASSED, PASSED, PASSED));
  const { path } = await openSession();
  const lines = await ask();
  open(0);
  assertEquals(nameOf(await lines.next()), "a");
  const document = request("GET", `${path}/offers`, JSON_ONLY);
  const waiting = lines.next();
  stopping.abort();
  const end = await waiting;
  assertEquals([end?.complete, end?.reason, end?.offered], [
    false,
    "The server stops, and tests are not complete",
    1,
  ]);
  assertEquals(await lines.next(), null);
  await problemOf(await document, 503, "stopping");
  // An answer that needs no more tests is complete.
  const late = await request("POST", "/v1/ask", NDJSON, SOURCE);
  assertEquals(parseLines(await late.text()).end.complete, true);
});

Deno.test("no test is begun for a reader that has gone", async () => {
  const { ask, open, trial, begun } = gatedApp(stepsOf(PASSED, PASSED, PASSED));
  const lines = await ask();
  open(0);
  assertEquals(nameOf(await lines.next()), "a");
  const waiting = lines.next().catch(() => null);
  await until("the second test has begun", () => begun.has(1));
  await lines.leave();
  await waiting;
  open(1);
  open(2);
  await until("the test that had begun was made", () => trial.made === 2);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals([trial.made, trial.pending.size], [2, 1]);
});

Deno.test("readers of one session share its tests, and one that goes does not stop the other", async () => {
  const { openSession, open, request, trial } = gatedApp(stepsOf(PASSED, REFUSED, PASSED));
  const { path, written } = await openSession();
  assertEquals([written.offers, written.refusals, trial.made], [null, null, 0]);
  const [one, two] = [
    readLinesOf(await request("GET", `${path}/offers`, NDJSON)),
    readLinesOf(await request("GET", `${path}/offers`, NDJSON)),
  ];
  open(0);
  assertEquals([nameOf(await one.next()), nameOf(await two.next())], ["a", "a"]);
  await one.leave();
  open(1);
  open(2);
  assertEquals([nameOf(await two.next()), (await two.next())?.complete], ["c", true]);
  assertEquals(trial.made, 3);
  const { offers, refusals } = await (await request("GET", path, JSON_ONLY)).json();
  assertEquals([offers, refusals], [2, 1]);
});

Deno.test("a reader keeps its answer when the session gets another source or is closed", async () => {
  const { openSession, open, request } = gatedApp(stepsOf(PASSED, PASSED, PASSED));
  const { path } = await openSession();
  const lines = readLinesOf(await request("GET", `${path}/offers`, NDJSON));
  open(0);
  assertEquals(nameOf(await lines.next()), "a");
  const other = mttyIdentity({ id: "other", type: "mtty-9" });
  const { source, offers } = await (await request("PUT", `${path}/source`, JSON_ONLY, other))
    .json();
  assertEquals([source.id, offers], ["other", 0]);
  const next = parseLines(await (await request("GET", `${path}/offers`, NDJSON)).text());
  assertEquals([next.items, next.end.source.id, next.end.complete], [[], "other", true]);
  await (await request("DELETE", path, {})).body?.cancel();
  open(1);
  open(2);
  assertEquals([nameOf(await lines.next()), nameOf(await lines.next())], ["b", "c"]);
  assertEquals((await lines.next())?.source, {
    id: SOURCE.id,
    type: SOURCE.type,
    description: SOURCE.description,
  });
});

Deno.test("a question that tests are not wanted for needs no trial, whatever the session had", async () => {
  const { openSession, request } = gatedApp(stepsOf(PASSED, PASSED, PASSED));
  const { path } = await openSession();
  const plain = await request("PUT", `${path}/source`, JSON_ONLY, SOURCE);
  assertEquals((await plain.json()).offers, 3);
  const read = async () => (await (await request("GET", `${path}/offers`, NDJSON)).text());
  assertEquals(await read(), await read());
});

Deno.test("HEAD of a stream has no body and opens none", async () => {
  const { openSession, request } = gatedApp(stepsOf(PASSED));
  const { path } = await openSession();
  for (let turn = 0; turn <= STREAM_LIMITS.most; turn++) {
    const response = await request("HEAD", `${path}/offers`, NDJSON);
    assertEquals([response.status, response.body], [200, null]);
  }
});

Deno.test("too many streams are refused until one ends", async () => {
  const { openSession, request, open } = gatedApp(stepsOf(PASSED, PASSED, PASSED));
  const { path } = await openSession();
  const read = () => request("GET", `${path}/offers`, NDJSON);
  const readers = await Promise.all(
    Array.from({ length: STREAM_LIMITS.most }, async () => readLinesOf(await read())),
  );
  const refused = await read();
  assert(Number(refused.headers.get("retry-after")) > 0);
  await problemOf(refused, 503, "streams-full");
  await readers[0]!.leave();
  const again = readLinesOf(await read());
  for (const index of [0, 1, 2]) open(index);
  for (const reader of [...readers.slice(1), again]) {
    assertEquals(nameOf(await reader.next()), "a");
    await reader.leave();
  }
});

/** Texts without an end. Counts how many were made. */
function endless() {
  const counted = { made: 0, isClosed: false };
  const make = async function* (): AsyncGenerator<string> {
    try {
      for (;;) {
        counted.made++;
        yield await Promise.resolve("x".repeat(1000));
      }
    } finally {
      counted.isClosed = true;
    }
  };
  return { counted, make };
}

Deno.test("makeLineStreams() makes no more than the reader takes", async () => {
  const streams = makeLineStreams();
  const { counted, make } = endless();
  const { body } = streams.open(make);
  const reader = body.getReader();
  for (let taken = 1; taken <= 5; taken++) {
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(counted.made, taken);
  }
  await reader.cancel();
  await until("its source is closed", () => counted.isClosed);
  assertEquals(streams.size, 0);
});

Deno.test("makeLineStreams() cuts a reader off that takes nothing, from the start or later", async () => {
  for (const isStarted of [false, true]) {
    const streams = makeLineStreams({ most: 1, stallMs: 1 });
    const { counted, make } = endless();
    const { body, ended } = streams.open(make);
    const reader = body.getReader();
    if (isStarted) await reader.read();
    await ended;
    assertEquals([streams.size, counted.made], [0, isStarted ? 1 : 0]);
    await assertRejects(() => reader.read(), Error, "takes nothing");
  }
});

Deno.test("makeLineStreams() does not cut off a reader that waits for what is not made yet", async () => {
  const streams = makeLineStreams({ most: 1, stallMs: 1 });
  const slow = async function* (): AsyncGenerator<string> {
    await new Promise((resolve) => setTimeout(resolve, 50));
    yield "late";
  };
  const { body } = streams.open(slow);
  assertEquals(await new Response(body).text(), "late");
});
