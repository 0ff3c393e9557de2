import {
  compareText,
  type Configuration,
  type Sharing,
  type Snapshot,
} from "../../documents/mod.ts";
import { explainBlocking } from "./blocking.ts";
import { BUDGET } from "./budget.ts";
import { describePlan } from "./describe_plan.ts";
import { indexPlanHost } from "./host.ts";
import { classify, dropOutdone, type Landing, listLandings, type Search } from "./landing.ts";
import { isOpen, isOverfull, makeAssignment } from "./assignment.ts";
import type { Question } from "./question.ts";
import { type Found, searchPlans } from "./search.ts";
import { countSupply } from "./supply.ts";
import type { PlanSource, Together } from "./together.ts";

/** Options of a joint plan. */
export interface TogetherOptions {
  /** The largest number of plans to return. */
  count?: number;
  /** How the types of a parent share it, called with each type; `shared` by default. */
  sharing?: (type: Configuration) => Sharing;
  /** The largest number of steps of all searches. */
  budget?: number;
}

/**
 * Whether all sources, the VFIO devices of one virtual machine, can land on a host together, and where. Pure. The order
 * of the sources and of the snapshot does not matter.
 *
 * A device is used once, and the types of a parent share its room. Several sources and their targets must all support
 * P2P, as QEMU requires. Plans that need nothing to be freed are searched first; among these, plans whose parents
 * certainly have room. Other plans are searched only if there is none. Plans of the same kind are sorted by: the fewest
 * placements of unknown verdict, the strongest evidence in sum, the smallest sum of ranks, and the names of the
 * configurations, source by source. If sources with the same landings only swap places, the plan is returned once.
 *
 * If there is no plan, the blocking sources are the smallest set without which the rest can land. Among several such
 * sets, it is the one whose rest has the best plan. A single remaining source does not need P2P.
 *
 * If the budget is used up, the best plan found is returned with `PlanBudget`, and the verdict is unknown, unless it is
 * certain that there is no plan.
 */
export function planTogether(
  sources: readonly PlanSource[],
  snapshot: Snapshot,
  { count = 1, sharing = () => "shared", budget = BUDGET }: TogetherOptions = {},
): Together {
  const sorted = sources.toSorted((a, b) => compareText(a.source.id, b.source.id));
  const host = indexPlanHost(snapshot);
  const question = { host, sources: sorted, supply: countSupply(host, sorted, sharing) };
  const several = sources.length > 1;
  let left = budget;
  let isCut = false;
  for (const search of SEARCHES) {
    const isLast = search === SEARCHES.at(-1);
    const wanted = { ...search, several, isLast };
    const found = solve(question, wanted, { count, budget: left });
    left -= found.steps;
    isCut ||= !found.isComplete;
    const landed = found.plans.filter(isWhole);
    if (landed.length > 0) {
      const plans = landed.map((landings, at) =>
        describePlan(question, landings, { when: search.when, rank: at + 1, isCut })
      );
      return { verdict: plans[0]!.verdict, plans, blocking: [] };
    }
    if (!isLast) continue;
    const [nearest] = found.plans;
    const rest = nearest?.some((landing) => landing !== null)
      ? nearest
      : solveAlone(question, wanted);
    const verdict = found.isComplete || found.isShort ? "incompatible" : "unknown";
    const blocking = explainBlocking(question, rest, { ...found, verdict });
    return { verdict, plans: [], blocking };
  }
  return { verdict: "incompatible", plans: [], blocking: [] };
}

/** The searches for a plan, in order of preference. */
const SEARCHES = [
  { when: "now", certain: true },
  { when: "now", certain: false },
  { when: "later", certain: true },
  { when: "later", certain: false },
] as const;

/** The landing of each source, or null if it has none. */
type Landings = readonly (Landing | null)[];

function isWhole(landings: Landings): landings is readonly Landing[] {
  return landings.every((landing) => landing !== null);
}

/** The best plans. If the last search finds none, the nearest incomplete ones. */
function solve(
  { host, sources, supply }: Question,
  search: Search & { isLast: boolean },
  { count, budget }: { count: number; budget: number },
): Found {
  const nothing = { plans: [], isComplete: true, isShort: false, steps: 0 };
  const places = sources.length + count - 1;
  const all = sources.map((source) => listLandings(host, supply, source, { ...search, places }));
  if (!search.isLast && all.some((landings) => landings.length === 0)) return nothing;
  const others = sources.length - 1;
  const assignment = makeAssignment(
    all.map((landings) => dropOutdone(landings, { count, others })),
    { groups: classify(all), certain: search.certain },
  );
  const isFull = isOverfull(assignment);
  if (search.isLast) {
    const found = searchPlans(assignment, { count, limit: Infinity, budget });
    return { ...found, isShort: found.isShort || isFull };
  }
  // Without uncertain room, the previous search was the same.
  if (isFull || (!search.certain && !isOpen(assignment))) return nothing;
  return searchPlans(assignment, { count, limit: assignment.unplaced, budget });
}

/** The landing of the source that lands best alone, without P2P; null for all others. */
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
