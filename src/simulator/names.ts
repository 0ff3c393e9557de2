/** The names of the simulated hosts. A separate file, so that listing names does not load the hosts. */
export const SCENARIO_NAMES = ["gpu-host", "nic-host", "mixed"] as const;
