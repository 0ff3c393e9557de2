/** What is drawn of a parent: `need` instances of a type of which there are `instances`. */
export interface Share {
  kind: string;
  need: number;
  instances: number;
  /** Whether only one kind of its parent may be drawn at all. */
  oneKind: boolean;
}

/** The limit of a parent, and what each share weighs: shares fit where their weights come to no more. */
export interface Pool {
  limit: bigint;
  weightOf(share: Share): bigint;
}

/**
 * The limit of a parent whose types share it, in integers.
 *
 * A kernel's `available_instances` says of each type how many fit if nothing else is made, so that a parent with room C
 * takes n_t of type t with sizes C/(a_t + 1) < s_t <= C/a_t. That all fit is then certain where the sum of n_t/a_t
 * is at most 1, and impossible where the sum of n_t/(a_t + 1) is not below 1. `certain` chooses the first,
 * else the second; fractions are brought to their common denominator.
 */
export function makePool(shares: readonly Share[], certain: boolean): Pool {
  // Where only one kind may draw, there is nothing to be uncertain of.
  const isCertain = certain || shares.some(({ oneKind }) => oneKind);
  const denominator = ({ instances }: Share) => BigInt(isCertain ? instances : instances + 1);
  const common = shares.map(denominator).reduce(leastCommonMultiple, 1n);
  return {
    limit: isCertain ? common : common - 1n,
    weightOf: (share) => BigInt(share.need) * common / denominator(share),
  };
}

/** Whether it is certain that a parent has room for all of them. */
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
