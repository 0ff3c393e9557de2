import type {
  Configuration,
  Evidence,
  Identity,
  Need,
  Offer,
  Reason,
} from "../../documents/mod.ts";

/** One of the sources of a virtual machine, with its offers best first, as `ask()` ranks them from 1. */
export interface PlanSource {
  source: Identity;
  offers: readonly Offer[];
}

/** The answer for all devices of a virtual machine at once. */
export interface Together {
  /**
   * Of the best plan, whether it can be had now or not; `incompatible` where there is none, and `unknown` where the
   * search ended before that was known.
   */
  verdict: "compatible" | "unknown" | "incompatible";
  /** Best first; empty where there is none. */
  plans: Plan[];
  /** The smallest set of sources that was found without which the others can land; empty where there is a plan. */
  blocking: Blocked[];
}

/** Which source goes to which configuration: all of them, and no instance twice. */
export interface Plan {
  rank: number;
  /** Unknown where one placement is, or where it is not known whether all fit on one parent together. */
  verdict: "compatible" | "unknown";
  /** Whether all of it is free now; else a reason says what has to be freed. */
  now: boolean;
  /** By the id of the source. */
  placements: Placement[];
  /** What the monitors need for the sources, by the id of each. */
  needs: (Need & { source: string })[];
  reasons: Reason[];
  warnings: Reason[];
}

/** One source of a plan, and the offer that it takes by its rank. */
export interface Placement {
  source: string;
  configuration: Configuration;
  offer: number;
  verdict: "compatible" | "unknown";
  evidence: Evidence | null;
}

/** A source that stands in the way, and why. */
export interface Blocked {
  source: string;
  reasons: Reason[];
}
