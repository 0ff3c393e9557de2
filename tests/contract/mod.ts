import type { ContractCase } from "./contract.ts";
import { OPEN_CASES } from "./open_cases.ts";
import { PREFLIGHT_CASES } from "./preflight_cases.ts";
import { PROBE_CASES } from "./probe_cases.ts";

/** All cases. They run in tests on the simulator and in the test machine on its kernels. */
export const CONTRACT: readonly ContractCase[] = [
  ...OPEN_CASES,
  ...PROBE_CASES,
  ...PREFLIGHT_CASES,
];
export type { ContractCase, ContractHost } from "./contract.ts";
