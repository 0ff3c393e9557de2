/** Questions from one host to the other. */
import { type Host, hosta, otherThan } from "./host.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/**
 * What hostb answers for a device of hosta, or the other way round. `identity` and `options` are options of the commands
 * `identity` and `ask`.
 */
export async function askAbout(
  device: string,
  { from = hosta, identity = "", options = "" }: {
    from?: Host;
    identity?: string;
    options?: string;
  } = {},
): Promise<Json> {
  const source = await from.run(`vfio-ask identity ${device} ${identity}`.trim());
  const { stdout } = await otherThan(from).run(
    `vfio-ask ask - --json --refusals=each ${options}`.trim(),
    { stdin: source.stdout },
  );
  return JSON.parse(stdout);
}

/** The offer or refusal of one device in an answer. */
export function offerOf({ offers, refusals }: Json, id: string): Json {
  return [...offers, ...refusals].find(({ configuration }: Json) => configuration.id === id);
}

/** The verdict and the reason codes of one device in an answer; undefined if it has none. */
export function verdictOn(answer: Json, id: string): Json {
  const found = offerOf(answer, id);
  return found && { verdict: found.verdict, codes: found.reasons.map(({ code }: Json) => code) };
}
