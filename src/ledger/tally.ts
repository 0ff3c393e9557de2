import {
  type Host,
  type Outcome,
  type OutcomeBuilds,
  outcomeKey,
  type OutcomeSide,
  type OutcomeTally,
  qemuOf,
} from "../documents/mod.ts";

/** The most pairs of builds that a snapshot has. A fleet has a few kernels, drivers and versions of QEMU at a time. */
const MOST_PAIRS = 1000;

/** The last result for a list of outcomes, which never changes: the host rarely does. */
const KNOWN = new WeakMap<readonly Outcome[], { key: string; tallies: OutcomeTally[] }>();

/**
 * What became of migrations to builds that a host can have now: those with its kernel and its QEMU. Outcomes of which
 * something is unknown that counts are left out, see `outcomeKey`. If there are too many pairs, the oldest are left
 * out. Pure.
 */
export function tallyOutcomes(outcomes: readonly Outcome[], host: Host): OutcomeTally[] {
  const qemu = qemuOf(host);
  const key = JSON.stringify([host.kernel, qemu]);
  const known = KNOWN.get(outcomes);
  if (known?.key === key) return known.tallies;
  const tallies = tally(outcomes, { kernel: host.kernel, qemu });
  KNOWN.set(outcomes, { key, tallies });
  return tallies;
}

function tally(
  outcomes: readonly Outcome[],
  { kernel, qemu }: Pick<OutcomeBuilds, "kernel" | "qemu">,
): OutcomeTally[] {
  const pairs = new Map<string, OutcomeTally>();
  for (const { result, cause, at, source, target } of outcomes) {
    if (target.kernel !== kernel || target.qemu !== qemu) continue;
    const [from, to] = [outcomeKey(source), outcomeKey(target)];
    if (from === null || to === null) continue;
    const key = `${from} ${to}`;
    const pair = pairs.get(key) ?? noTally(source, target);
    const times = result === "ok" ? pair.ok : cause === "device" ? pair.device : pair.other;
    times.count++;
    if (times.last === null || at > times.last) times.last = at;
    // The newest pair comes last.
    pairs.delete(key);
    pairs.set(key, pair);
  }
  return [...pairs.values()].slice(-MOST_PAIRS);
}

function noTally(source: OutcomeSide, target: OutcomeSide): OutcomeTally {
  const never = () => ({ count: 0, last: null });
  return {
    source: onlyBuilds(source),
    target: onlyBuilds(target),
    ok: never(),
    device: never(),
    other: never(),
  };
}

function onlyBuilds({ host: _, id: __, ...builds }: OutcomeSide): OutcomeBuilds {
  return builds;
}
