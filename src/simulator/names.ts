/** The hosts that can be simulated, apart from them, so that naming them costs nothing. */
export const SCENARIO_NAMES = ["gpu-host", "nic-host", "mixed"] as const;
