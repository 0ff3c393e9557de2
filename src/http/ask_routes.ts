import { answer, type AnswerOptions, answerTogether, MAX_TOGETHER } from "../answers/mod.ts";
import type { Identity, Snapshot } from "../documents/mod.ts";
import { answerText } from "./answer_text.ts";
import { type AskWorld, optionsFor } from "./ask_world.ts";
import type { WithBody } from "./bodies.ts";
import { HttpProblem } from "./problem.ts";
import { plansWanted } from "./query.ts";
import { readIdentity } from "./read_identity.ts";
import { jsonText, type Route } from "./route.ts";

/** The route that writes a source and asks in one request. */
export function askRoutes(world: AskWorld, withBody: WithBody): Route[] {
  return [
    ["POST", "/v1/ask", (c) =>
      withBody(c.req.raw, async (body) => {
        const snapshot = await world.newest();
        const optionsOf = (source: Identity) => optionsFor(world, c, { snapshot, source });
        const answered = await askOnce(snapshot, body, optionsOf, plansWanted(c));
        return "together" in answered ? c.json(answered) : jsonText(c, answerText(answered));
      })],
  ];
}

/** Answers for one identity, or for `{ "sources": [ … ] }`, all devices of a virtual machine. */
async function askOnce(
  snapshot: Snapshot,
  body: unknown,
  optionsOf: (source: Identity) => Promise<AnswerOptions>,
  plans: number,
) {
  const sources = (body as { sources?: unknown } | null)?.sources;
  if (sources === undefined) {
    const source = readIdentity(body);
    return answer(snapshot, source, await optionsOf(source));
  }
  if (!Array.isArray(sources) || sources.length === 0 || sources.length > MAX_TOGETHER) {
    throw new HttpProblem("identity-invalid", `sources: expected 1 to ${MAX_TOGETHER} identities`, {
      pointer: "/sources",
      value: Array.isArray(sources) ? `${sources.length} identities` : sources,
      remedy: "Send an array of identities, or a single identity without the array.",
    });
  }
  const read = sources.map((source, index) => readIdentity(source, ["sources", index]));
  const ids = read.map(({ id }) => id);
  const twice = ids.findIndex((id, index) => ids.indexOf(id) !== index);
  if (twice !== -1) {
    throw new HttpProblem("identity-invalid", `sources: ${ids[twice]} occurs twice`, {
      pointer: `/sources/${twice}/id`,
      value: ids[twice],
      remedy: "Send each device of the virtual machine once.",
    });
  }
  const options = new Map<Identity, AnswerOptions>();
  for (const source of read) options.set(source, await optionsOf(source));
  return answerTogether(snapshot, read, { optionsOf: (source) => options.get(source)!, plans });
}
