import type { Identity, Offer } from "../../documents/mod.ts";
import type { Candidate } from "./configurations.ts";
import { type Conclusion, place } from "./conclude.ts";
import type { Unranked } from "./order.ts";

/**
 * The best offer that a candidate can become after its test. `untested` is its conclusion without the test.
 *
 * A passing test gives the strongest evidence and leaves no open question. It changes nothing else, unless the tested
 * device reports what the snapshot does not know: then another rule may apply.
 */
export function bestCase(
  untested: Conclusion,
  candidate: Candidate,
  source: Identity,
): Unranked {
  const hasData = source.initialData !== null && source.initialData.bytes > 0;
  const passed = {
    ...untested,
    verdict: "compatible",
    evidence: hasData ? "driver-tested" : "attribute-tested",
    unknowns: 0,
  } as const;
  const isKnown = candidate.migration.uapi !== "unknown" && candidate.pciConfig !== null;
  if (isKnown) return place(passed, candidate, source).offer!;
  const { offer } = place(
    { ...passed, ruleIndex: 0, taken: null, instances: 1 },
    candidate,
    source,
  );
  return { ...offer!, availability: { ...offer!.availability, now: true, instances: 0 } };
}

/** The offers before the first hope. `hopes` are the best cases of candidates whose test is still to come. */
export function certainOffers(ranked: Offer[], hopes: readonly Unranked[]): Offer[] {
  if (hopes.length === 0) return ranked;
  const open = new Set(hopes.map(({ configuration }) => configuration));
  const first = ranked.findIndex(({ configuration }) => open.has(configuration));
  return ranked.slice(0, first);
}
