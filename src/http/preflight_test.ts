/** Problems of preflights for an answer. */
import { assertEquals } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { stepTrial } from "../../tests/fixtures/step_trial.ts";
import { appWorld } from "../../tests/fixtures/test_app.ts";
import { makeApp } from "./app.ts";

const known = { code: "kernel", subject: "0000:41:00.1", sentence: "known", remedy: null } as const;
const met = {
  code: "needs-reset",
  subject: "x",
  sentence: "x is not at rest",
  remedy: "Reset x.",
} as const;

function makeTestedApp() {
  const snapshot = mttySnapshot({ problems: [known] });
  const app = makeApp(appWorld({
    newest: () => Promise.resolve(snapshot),
    openTrial: () => Promise.resolve(stepTrial([{ keys: ["x"], results: [], problems: [met] }])),
  }));
  return async (method: string, path: string, body?: unknown) => {
    const json = { "content-type": "application/json" };
    const response = await app.request(`http://127.0.0.1:7431${path}`, {
      method,
      ...(body === undefined ? {} : { headers: json, body: JSON.stringify(body) }),
    });
    return await response.json();
  };
}

Deno.test("answers for one source and for several contain the problems of preflights", async () => {
  const ask = makeTestedApp();
  const tested = await ask("POST", "/v1/ask?preflight=1", mttyIdentity());
  assertEquals([tested.preflight, tested.problems], ["made", [known, met]]);
  // The next answer has no preflight.
  const plain = await ask("POST", "/v1/ask", mttyIdentity());
  assertEquals([plain.preflight, plain.problems], ["not-asked", [known]]);
  const sources = ["a", "b"].map((id) => mttyIdentity({ id }));
  const together = await ask("POST", "/v1/ask?preflight=1", { sources });
  assertEquals(together.problems, [known, met]);
});

Deno.test("the session, its offers and its refusals contain the problems of preflights", async () => {
  const ask = makeTestedApp();
  const { id, problems } = await ask("POST", "/v1/sessions");
  assertEquals(problems, [known]);
  const written = await ask("PUT", `/v1/sessions/${id}/source?preflight=1`, mttyIdentity());
  // The tests are made when somebody reads.
  assertEquals([written.problems, written.offers, written.refusals], [[known], null, null]);
  for (const part of ["/offers", "/refusals", ""]) {
    assertEquals((await ask("GET", `/v1/sessions/${id}${part}`)).problems, [known, met], part);
  }
});
