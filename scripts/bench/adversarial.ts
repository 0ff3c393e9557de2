import {
  attackServer,
  type Options,
  readTarget,
  type Report,
} from "../../tests/fixtures/attack_server.ts";
import { build } from "./build.ts";
import type { Figure } from "./figure.ts";
import { prepareBigServers, startServer } from "./servers.ts";

const ATTACKS = 100_000;
const SEED = 20_261;
/** How much the server may grow between a tenth of the attacks and their end. */
const GROWTH_MIB = 32;
const SLOWEST_MS = 250;

/**
 * Generated wrong requests to a server on a host with 1,000 devices: each must get a 4xx, or a 503 with Retry-After; only
 * what is no HTTP, or not all of a request, may find the connection closed. Right requests and `/healthz` must get 200
 * meanwhile. The figures are the growth of resident memory and the slowest `/healthz`. The yardstick is a server that
 * only parses bodies as JSON, under the same bytes. Throws if a response is wrong.
 */
export async function benchAdversarial(attacks = ATTACKS): Promise<Figure[]> {
  const yardstick = await build("swallow");
  const { ours } = await prepareBigServers("adversarial-host");
  console.log(`adversarial: ${attacks} attacks with seed ${SEED}, over 16 connections at a time`);
  await using server = await startServer(ours);
  const target = await readTarget(`http://127.0.0.1:${server.port}`);
  const options: Options = { ...server, seed: SEED, count: attacks, target };
  const report = await attackServer(options);
  tell(report);
  if (report.faults.length > 0) throw new Error(report.faults.join("\n"));
  await using other = await startServer([yardstick]);
  const host = `127.0.0.1:${other.port}`;
  // It waits without a limit for the rest of a body.
  const unlimited = { checked: false, limitMs: 1_000 };
  const swallowed = await attackServer({
    ...options,
    ...other,
    ...unlimited,
    target: { ...target, host },
  });
  const figure = (
    name: string,
    unit: Figure["unit"],
    pick: (report: Report) => number,
    most: number,
  ): Figure => ({
    name: `adversarial, ${name}`,
    unit,
    ours: [pick(report)],
    yardstick: [pick(swallowed)],
    target: null,
    most,
  });
  const growth = ({ rssMib: { warm, end } }: Report) => end - warm;
  return [
    figure(`growth of RSS over ${attacks * 0.9} attacks`, "MiB", growth, GROWTH_MIB),
    figure("largest RSS", "MiB", ({ rssMib: { most } }) => most, 256),
    figure("/healthz, the slowest", "ms", ({ health: { slowestMs } }) => slowestMs, SLOWEST_MS),
  ];
}

function tell({ outcomes, attacks, responses, rightRequests, health, rssMib }: Report): void {
  const { warm, most, end } = rssMib;
  console.log(
    `  ${attacks} attacks, ${responses} outcomes, ${rightRequests} right requests, ` +
      `${health.asked} times /healthz; RSS ${warm.toFixed(0)} MiB after a tenth, ` +
      `${most.toFixed(0)} at most, ${end.toFixed(0)} at the end`,
  );
  for (const [kind, counts] of [...outcomes].toSorted(([a], [b]) => a < b ? -1 : 1)) {
    const listed = [...counts].toSorted().map(([outcome, count]) => `${count} x ${outcome}`);
    console.log(`  ${kind}: ${listed.join(", ")}`);
  }
}
