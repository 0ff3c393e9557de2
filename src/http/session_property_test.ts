/** Sessions under random concurrent use: every answer is that of one source on the session's own snapshot. */
import { assert, assertEquals } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { parseLines } from "../../tests/fixtures/lines.ts";
import { mttyDevice, mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { NOT_MADE, PASSED, REFUSED, stepTrial } from "../../tests/fixtures/step_trial.ts";
import { appWorld } from "../../tests/fixtures/test_app.ts";
import type { Identity, Snapshot } from "../documents/mod.ts";
import { candidateKey, listCandidates } from "../judge/ask/mod.ts";
import { makeApp } from "./app.ts";

const SESSIONS = 6;
const TURNS = 40;

type Random = (below: number) => number;

/** Pseudorandom numbers, the same in every run. */
function makeRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

/** Waits for a random number of turns of the event loop. */
async function wander(random: Random): Promise<void> {
  for (let turns = random(6); turns > 0; turns--) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** The result of a candidate's test depends on the source and the snapshot, so that mixed answers show. */
function resultFor(source: Identity, snapshot: Snapshot, index: number) {
  const number = index + Number(source.id.slice(-1)) + snapshot.snapshot;
  return [PASSED, REFUSED, NOT_MADE][number % 3]!;
}

/** An app whose host changes with every look, and whose tests take a random time. */
function makeChangingApp(random: Random) {
  let looks = 0;
  return makeApp(appWorld({
    newest: () => {
      looks++;
      const devices = Array.from(
        { length: 1 + looks % 5 },
        (_, n) => mttyDevice({ id: `host${looks}-device${n}`, parent: `mtty-${n}` }),
      );
      return Promise.resolve(mttySnapshot({ snapshot: looks, devices, types: [] }));
    },
    openTrial: async (snapshot, source) => {
      await wander(random);
      const keys = listCandidates(snapshot).map(candidateKey);
      const steps = keys.map((key, index) => ({
        keys: [key],
        results: [resultFor(source, snapshot, index)],
      }));
      return stepTrial(steps, () => wander(random));
    },
  }));
}

Deno.test("each of many concurrent readers and writers gets the answer of one source of its session", async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const random = makeRandom(seed);
    const app = makeChangingApp(random);
    const request = async (method: string, path: string, body?: unknown, lines = false) => {
      const response = await app.request(`http://127.0.0.1:7431${path}`, {
        method,
        headers: {
          "content-type": "application/json",
          ...(lines ? { accept: "application/x-ndjson" } : {}),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, text: await response.text() };
    };
    /** Texts of what was read, by session, source and form. There must be one for each. */
    const read = new Map<string, Set<string>>();
    let complete = 0;
    const sessions = await Promise.all(Array.from({ length: SESSIONS }, async (_, number) => {
      const { id, snapshot } = JSON.parse((await request("POST", "/v1/sessions")).text);
      return { path: `/v1/sessions/${id}`, snapshot, number };
    }));
    const turn = async ({ path, snapshot, number }: (typeof sessions)[number]): Promise<void> => {
      await wander(random);
      const isTested = number % 2 === 1;
      if (random(4) === 0) {
        const source = mttyIdentity({ id: `source-${number}-${random(3)}` });
        const query = isTested ? "?preflight=1" : "";
        const { status, text } = await request("PUT", `${path}/source${query}`, source);
        assertEquals([status, JSON.parse(text).source.id], [200, source.id]);
        return;
      }
      const [part, lines] = [["offers", "refusals"][random(2)]!, random(2) === 0];
      const { status, text } = await request("GET", `${path}/${part}`, undefined, lines);
      if (status === 409) return;
      assertEquals(status, 200);
      const document = lines ? parseLines(text).end : JSON.parse(text);
      const { source, snapshot: seen } = document;
      assertEquals([source.id.slice(0, -1), seen], [`source-${number}-`, snapshot]);
      const form = JSON.stringify([number, source.id, part, lines]);
      read.set(form, (read.get(form) ?? new Set()).add(text));
      complete++;
    };
    await Promise.all(
      sessions.flatMap((session) =>
        Array.from({ length: 3 }, async () => {
          for (let turns = 0; turns < TURNS; turns++) await turn(session);
        })
      ),
    );
    for (const [form, texts] of read) assertEquals(texts.size, 1, form);
    assert(complete > SESSIONS * TURNS, `${complete} answers were read`);
  }
});
