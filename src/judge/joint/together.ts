import type {
  Configuration,
  Create,
  Evidence,
  Identity,
  Need,
  Offer,
  Reason,
} from "../../documents/mod.ts";

/** A source of a virtual machine with its offers, best first, with the ranks from `ask()`. */
export interface PlanSource {
  source: Identity;
  offers: readonly Offer[];
}

/** The answer for all devices of a virtual machine at once. */
export interface Together {
  /**
   * The verdict of the best plan, available now or not. `incompatible` if there is no plan. `unknown` if the search ended
   * before that was certain.
   */
  verdict: "compatible" | "unknown" | "incompatible";
  /** Best first; empty if there is none. */
  plans: Plan[];
  /** The smallest known set of sources without which the others can land; empty if there is a plan. */
  blocking: Blocked[];
}

/** The configuration for each source. No instance is used twice. */
export interface Plan {
  rank: number;
  /** Unknown if one placement is unknown, or if it is unknown whether all fit on one parent. */
  verdict: "compatible" | "unknown";
  /** Whether everything is free now. If not, a reason says what must be freed. */
  now: boolean;
  /** Ordered by the source's id. */
  placements: Placement[];
  /** What the monitors need for the sources, each with the source's id. */
  needs: (Need & { source: string })[];
  reasons: Reason[];
  warnings: Reason[];
}

/** A source of a plan, and the rank of the offer that it takes. */
export interface Placement {
  source: string;
  configuration: Configuration;
  offer: number;
  verdict: "compatible" | "unknown";
  evidence: Evidence | null;
  /** How to create it; null for a device that exists. */
  create: Create | null;
}

/** A source that blocks a plan, with the reasons. */
export interface Blocked {
  source: string;
  reasons: Reason[];
}
