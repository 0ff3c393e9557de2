/** Questions from one host to the other. */
import { type Host, hosta, otherThan } from "./host.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** What hostb answers for a device of hosta, or the other way round. The options are those of `ask`. */
export async function askAbout(
  device: string,
  { from = hosta, options = "" }: { from?: Host; options?: string } = {},
): Promise<Json> {
  const identity = await from.run(`vfio-ask identity ${device}`);
  const { stdout } = await otherThan(from).run(
    `vfio-ask ask - --json --refusals=each ${options}`.trim(),
    { stdin: identity.stdout },
  );
  return JSON.parse(stdout);
}

/** The verdict and the reason codes of one device in an answer. */
export function verdictOn(answer: Json, id: string): Json {
  const found = [...answer.offers, ...answer.refusals]
    .find(({ configuration }: Json) => configuration.id === id);
  return found && { verdict: found.verdict, codes: found.reasons.map(({ code }: Json) => code) };
}
