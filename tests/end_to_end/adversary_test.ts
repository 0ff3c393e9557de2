import { assert, assertEquals } from "@std/assert";
import { attackServer, readTarget } from "../fixtures/attack_server.ts";
import { openWorkplace, startServer } from "./program.ts";

const ATTACKS = 4_000;
const SEED = 1;

Deno.test("serve refuses generated wrong requests, and answers right ones meanwhile", async () => {
  await using place = await openWorkplace();
  await using server = await startServer(place);
  const target = await readTarget(server.base);
  const port = Number(new URL(server.base).port);
  const { pid } = server;
  const report = await attackServer({ port, pid, seed: SEED, count: ATTACKS, target });
  assertEquals(report.faults, []);
  assertEquals(report.attacks, ATTACKS);
  assert(report.responses > ATTACKS, "pipelined requests get several responses");
  assert(report.rightRequests >= ATTACKS / 1000 + 2 && report.health.asked > 0);
  // Every kind was made, and refused at least once.
  for (const [kind, outcomes] of report.outcomes) {
    const refused = [...outcomes].some(([outcome]) => /^4\d\d$/.test(outcome));
    assert(refused || kind === "truncated head", `${kind}: ${[...outcomes.keys()].join()}`);
  }
});
