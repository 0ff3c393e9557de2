import type { Pool } from "./problem.ts";

/** What draws on a parent: `need` instances of a type that there are `instances` of, at one node. */
export interface Slot {
  node: number;
  kind: string;
  need: number;
  instances: number;
}

/**
 * The limit of a parent whose types share it, in integers.
 *
 * A kernel's `available_instances` says of each type how many fit if nothing else is made, so that a parent with room C
 * takes n_t of type t with sizes C/(a_t + 1) < s_t <= C/a_t. That all fit is then certain where the sum of n_t/a_t
 * is at most 1, and impossible where the sum of n_t/(a_t + 1) is not below 1. `certain` chooses the first,
 * else the second; fractions are brought to their common denominator.
 */
export function makePool(slots: readonly Slot[], oneKind: boolean, certain: boolean): Pool {
  // Where only one kind may draw, there is nothing to be uncertain of.
  const isCertain = certain || oneKind;
  const denominator = ({ instances }: Slot) => BigInt(isCertain ? instances : instances + 1);
  const common = slots.map(denominator).reduce(leastCommonMultiple, 1n);
  return {
    slots: slots.map((slot) => ({
      node: slot.node,
      kind: slot.kind,
      weight: BigInt(slot.need) * common / denominator(slot),
    })),
    limit: isCertain ? common : common - 1n,
    oneKind,
  };
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y > 0n) [x, y] = [y, x % y];
  return a / x * b;
}
