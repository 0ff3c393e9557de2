import type { PlanHost } from "./host.ts";
import type { Supply } from "./supply.ts";
import type { PlanSource } from "./together.ts";

/** Sources by id, and what their host has for them. */
export interface Question {
  host: PlanHost;
  sources: readonly PlanSource[];
  supply: Supply;
}
