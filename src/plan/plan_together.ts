import type { Configuration, Sharing, Snapshot } from "../documents/mod.ts";
import { explainBlocking } from "./blocking.ts";
import { describePlan } from "./describe_plan.ts";
import { indexPlanHost } from "./host.ts";
import { classify, type Landing, listLandings, type Search } from "./landing.ts";
import { makeProblem } from "./make_problem.ts";
import type { Question } from "./question.ts";
import { searchPlans } from "./search.ts";
import { countSupply } from "./supply.ts";
import type { PlanSource, Together } from "./together.ts";

/** How a joint plan is made. */
export interface TogetherOptions {
  /** At most so many plans are told; each after the first may take as long as the first. */
  count?: number;
  /** How the types of one parent share it, asked with each type: `shared` where nobody says otherwise. */
  sharing?: (type: Configuration) => Sharing;
}

/**
 * Whether all sources, the VFIO devices of one virtual machine, can land on a host together, and where. Pure, and the
 * same for any order of the sources and of the snapshot.
 *
 * A device is used once, and types of one parent share what it has. Of several sources every one, and what it lands
 * on, must support P2P, as QEMU asks. Plans that need nothing to be freed come first of all, then such where all
 * parents are certain to have room: only where there is none, the others are looked for. Among the same kind:
 * the fewest placements of unknown verdict, the strongest evidence in sum, the smallest sum of ranks, and at last
 * the names of the configurations, source by source. Plans that differ only in which of several sources
 * that can land alike goes where are told once.
 *
 * Where there is no plan, the smallest set of sources without which the rest can land stands in the way; of several
 * such sets, that whose rest makes the best plan. A single source that is left needs no P2P.
 */
export function planTogether(
  sources: readonly PlanSource[],
  snapshot: Snapshot,
  { count = 1, sharing = () => "shared" }: TogetherOptions = {},
): Together {
  const sorted = sources.toSorted((a, b) => a.source.id < b.source.id ? -1 : 1);
  const host = indexPlanHost(snapshot);
  const question = { host, sources: sorted, supply: countSupply(host, sorted, sharing) };
  const several = sources.length > 1;
  const searches = SEARCHES.map((search) => ({ ...search, several }));
  for (const search of searches) {
    const found = solve(question, search, count);
    const landed = found.filter((plan) => plan.every((landing) => landing !== null));
    if (landed.length > 0) {
      const plans = landed.map((landings, at) =>
        describePlan(question, landings as Landing[], { ...search, rank: at + 1 })
      );
      return { verdict: plans[0]!.verdict, plans, blocking: [] };
    }
    if (search !== searches.at(-1)) continue;
    const rest = found[0]?.some((landing) => landing !== null)
      ? found[0]
      : solveAlone(question, search);
    return { verdict: "incompatible", plans: [], blocking: explainBlocking(question, rest) };
  }
  return { verdict: "incompatible", plans: [], blocking: [] };
}

/** The ways to look for a plan, the ones to be preferred first. */
const SEARCHES = [
  { when: "now", certain: true },
  { when: "now", certain: false },
  { when: "later", certain: true },
  { when: "later", certain: false },
] as const;

/** The landing of each source, null where it has none. */
type Landings = readonly (Landing | null)[];

/** The best plans; in the last search, where there is none, what comes nearest. */
function solve(
  { host, sources, supply }: Question,
  search: Search,
  count: number,
): Landings[] {
  const isLast = search.when === "later" && !search.certain;
  const near = { ...search, places: sources.length + count - 1 };
  const rows = sources.map((source) => listLandings(host, supply, source, near));
  if (!isLast && rows.some((landings) => landings.length === 0)) return [];
  const { problem, landings } = makeProblem(rows, {
    classes: classify(rows),
    certain: search.certain,
  });
  // Without pools, certain is what there is.
  if (!search.certain && !isLast && problem.pools.length === 0) return [];
  const limit = isLast ? Infinity : problem.levels.unplaced;
  return searchPlans(problem, count, limit)
    .map(({ edges }) => Array.from(edges, (edge) => landings[edge]!));
}

/** The one source that lands best by itself, where no P2P is asked for; else none. */
function solveAlone({ host, sources, supply }: Question, search: Search): Landings {
  const alone = sources.map((source) =>
    listLandings(host, supply, source, { ...search, several: false })[0] ?? null
  );
  const best =
    alone.filter((landing) => landing !== null).toSorted((a, b) =>
      Number(a.isUnknown) - Number(b.isUnknown) || a.evidence - b.evidence ||
      a.offer.rank - b.offer.rank
    )[0];
  return alone.map((landing) => landing === best && best !== undefined ? landing : null);
}
