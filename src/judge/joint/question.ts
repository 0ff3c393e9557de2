import type { PlanHost } from "./host.ts";
import type { Supply } from "./supply.ts";
import type { PlanSource } from "./together.ts";

/** Sources ordered by id, and the host's supply for them. */
export interface Question {
  host: PlanHost;
  sources: readonly PlanSource[];
  supply: Supply;
}
