/** What is drawn from a parent: `need` instances of a type that has `instances`. */
export interface Share {
  kind: string;
  need: number;
  instances: number;
  /** Whether its parent allows only one kind at a time. */
  oneKind: boolean;
}

/** The limit of a parent and the weight of each share. Shares fit if the sum of their weights is within the limit. */
export interface Pool {
  limit: bigint;
  weightOf(share: Share): bigint;
}

/**
 * The limit of a parent whose types share it, in integers.
 *
 * The kernel's `available_instances` is the number a_t of instances of type t that fit if nothing else is created. So a
 * parent with room C has instances of size s_t, with C/(a_t + 1) < s_t <= C/a_t. n_t instances of each type certainly
 * fit if the sum of n_t/a_t is at most 1. They cannot fit if the sum of n_t/(a_t + 1) is at least 1. `certain` selects
 * the first condition, otherwise the second applies. Fractions are brought to their common denominator.
 */
export function makePool(shares: readonly Share[], certain: boolean): Pool {
  // With only one kind, the room is certain.
  const isCertain = certain || shares.some(({ oneKind }) => oneKind);
  const denominator = ({ instances }: Share) => BigInt(isCertain ? instances : instances + 1);
  const common = shares.map(denominator).reduce(leastCommonMultiple, 1n);
  return {
    limit: isCertain ? common : common - 1n,
    weightOf: (share) => BigInt(share.need) * common / denominator(share),
  };
}

/** Whether a parent certainly has room for all shares. */
export function fitTogether(shares: readonly Share[]): boolean {
  const { limit, weightOf } = makePool(shares, true);
  const isMixed = shares.some(({ oneKind, kind }) => oneKind && kind !== shares[0]?.kind);
  return !isMixed && shares.reduce((sum, share) => sum + weightOf(share), 0n) <= limit;
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y > 0n) [x, y] = [y, x % y];
  return a / x * b;
}
