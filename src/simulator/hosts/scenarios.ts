import type { SCENARIO_NAMES } from "../names.ts";
import type { Scenario } from "../scenario.ts";
import { gpuHost } from "./gpu_host.ts";
import { mixed } from "./mixed.ts";
import { nicHost } from "./nic_host.ts";

/** The simulated hosts by name. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "gpu-host": gpuHost(),
  "nic-host": nicHost(),
  "mixed": mixed(),
} satisfies Record<typeof SCENARIO_NAMES[number], Scenario>;
