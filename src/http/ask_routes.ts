import { answer, answerTogether, MAX_TOGETHER } from "../answers/mod.ts";
import type { Identity, VirtualMachine } from "../documents/mod.ts";
import { answerText } from "./answer_text.ts";
import type { AskWorld } from "./ask_world.ts";
import type { WithBody } from "./bodies.ts";
import type { KeptPlan, Plans } from "./plans.ts";
import { HttpProblem } from "./problem.ts";
import { plansWanted, wantsLines } from "./query.ts";
import { finishTests, openQuestion, optionsOf, type Question } from "./question.ts";
import { readIdentity } from "./read_identity.ts";
import { isMachine, readMachine, withReadableXml } from "./read_machine.ts";
import { jsonText, type Route } from "./route.ts";
import { streamAnswer } from "./stream_answer.ts";
import type { LineStreams } from "./line_streams.ts";

/** The route that writes a source and asks in one request. A plan for several sources is always one document. */
export function askRoutes(
  world: AskWorld,
  { streams, withBody, plans: kept }: { streams: LineStreams; withBody: WithBody; plans: Plans },
): Route[] {
  return [
    ["POST", "/v1/ask", (c) =>
      withBody(c.req.raw, async ({ json, hold }) => {
        const plans = plansWanted(c);
        const snapshot = await world.newest();
        const machine = isMachine(json) ? readMachine(json) : null;
        const several = machine === null ? readSeveral(json) : distinct(machine.sources);
        if (several === null) {
          const source = readIdentity(json);
          const question = await openQuestion(world, c, { snapshot, source });
          if (wantsLines(c)) {
            const { response, ended } = streamAnswer(c, question, { ...world, streams });
            hold(ended);
            return response;
          }
          await finishTests(question, world.stopping, c);
          return jsonText(c, answerText(answer(snapshot, source, optionsOf(question))));
        }
        const questions = new Map<Identity, Question>();
        for (const source of several) {
          const question = await openQuestion(world, c, { snapshot, source });
          await finishTests(question, world.stopping, c);
          questions.set(source, question);
        }
        const options = (source: Identity) => optionsOf(questions.get(source)!);
        const answers = await withReadableXml(() =>
          answerTogether(snapshot, several, { optionsOf: options, plans, machine })
        );
        const sourceHost = several[0]!.host.name;
        for (const plan of answers.together.plans) {
          kept.keep({
            plan,
            machine: machine && keptOf(machine),
            sourceHost,
            host: snapshot.host.name,
          });
        }
        return c.json(answers);
      })],
  ];
}

/** The identities of `{ "sources": [ … ] }`, all devices of a virtual machine; null for another body. */
function readSeveral(body: unknown): Identity[] | null {
  const sources = (body as { sources?: unknown } | null)?.sources;
  if (sources === undefined) return null;
  if (!Array.isArray(sources) || sources.length === 0 || sources.length > MAX_TOGETHER) {
    throw new HttpProblem("identity-invalid", `sources: expected 1 to ${MAX_TOGETHER} identities`, {
      pointer: "/sources",
      value: Array.isArray(sources) ? `${sources.length} identities` : sources,
      remedy: "Send an array of identities, or a single identity without the array.",
    });
  }
  const read = sources.map((source, index) => readIdentity(source, ["sources", index]));
  return distinct(read);
}

/** What an export needs of a machine, without its sources. */
function keptOf({ name, uuid, host, state, libvirt }: VirtualMachine): KeptPlan["machine"] {
  return { name, uuid, host, state, libvirt };
}

/** Checks that no device occurs twice. */
function distinct(read: Identity[]): Identity[] {
  const ids = read.map(({ id }) => id);
  const twice = ids.findIndex((id, index) => ids.indexOf(id) !== index);
  if (twice !== -1) {
    throw new HttpProblem("identity-invalid", `sources: ${ids[twice]} occurs twice`, {
      pointer: `/sources/${twice}/id`,
      value: ids[twice],
      remedy: "Send each device of the virtual machine once.",
    });
  }
  return read;
}
