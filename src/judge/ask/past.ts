import {
  buildsOf,
  type Identity,
  type OutcomeBuilds,
  outcomeKey,
  type OutcomeTally,
  qemuOf,
  type Snapshot,
} from "../../documents/mod.ts";
import type { Candidate } from "./configurations.ts";
import { type Finding, vendorOf } from "./finding.ts";

/** What became of earlier migrations between the builds of the source and of a candidate; null if there were none. */
export type Past = (candidate: Candidate) => OutcomeTally | null;

/** The tallies of a snapshot by the keys of both sides. A snapshot never changes. */
const INDEXES = new WeakMap<readonly OutcomeTally[], ReadonlyMap<string, OutcomeTally>>();

/**
 * Prepares the past of a source. It is evidence only for a pair of which everything that counts is known and equal, see
 * `outcomeKey`: of the source its own QEMU and machine type, of the candidate the QEMU of this host. Both sides must
 * have been asked, because devices declare some facts only then. Pure.
 */
export function makePast({ outcomes = [], host }: Snapshot, source: Identity): Past {
  if (outcomes.length === 0 || source.migration.uapi === "unknown") return () => null;
  const { qemu = null, machineType = null } = source.vmm ?? {};
  const from = outcomeKey(buildsOf(source, { qemu, machineType }));
  if (from === null) return () => null;
  const index = indexOf(outcomes);
  const here = { qemu: qemuOf(host), machineType };
  return (candidate) => {
    if (candidate.migration.uapi === "unknown") return null;
    const { type } = candidate.configuration;
    const to = outcomeKey(buildsOf({ ...candidate, type }, here));
    return to === null ? null : index.get(pairKey(from, to)) ?? null;
  };
}

function indexOf(outcomes: readonly OutcomeTally[]): ReadonlyMap<string, OutcomeTally> {
  const known = INDEXES.get(outcomes);
  if (known !== undefined) return known;
  const index = new Map<string, OutcomeTally>();
  for (const tally of outcomes) {
    const [from, to] = [outcomeKey(tally.source), outcomeKey(tally.target)];
    if (from !== null && to !== null) index.set(pairKey(from, to), tally);
  }
  INDEXES.set(outcomes, index);
  return index;
}

function pairKey(from: string, to: string): string {
  return `${from} ${to}`;
}

/** Whether all migrations of a pair that say something about the devices succeeded. */
export function hasMigrated(tally: OutcomeTally | null): boolean {
  return tally !== null && tally.ok.count > 0 && tally.device.count === 0;
}

/**
 * What the past says about a candidate. A failure for a reason of the device makes the verdict unknown, even among
 * successes. A failure for another reason, or for an unknown one, says nothing about the pair; the sentence mentions it.
 */
export function judgePast(tally: OutcomeTally | null, candidate: Candidate): Finding[] {
  if (tally === null) return [];
  const { ok, device, other } = tally;
  const vendor = vendorOf(candidate);
  const values = { source: buildWords(tally.source), host: buildWords(tally.target) };
  const all = `${ok.count + device.count + other.count} migrations between these builds`;
  const others = other.count === 0 ? "" : `; ${other.count} failed for another reason`;
  if (device.count > 0) {
    const sentence =
      `${vendor}: ${device.count} of ${all} failed for a reason of the device, last on ${
        dayOf(device.last)
      }${others}; only a test of the driver can show that it accepts this source`;
    return [{
      effect: "unknown",
      reason: { code: "FailedBefore", sentence, ...values },
      by: "past",
    }];
  }
  if (ok.count === 0) return [];
  const sentence = `${vendor}: ${ok.count} of ${all} succeeded, last on ${dayOf(ok.last)}${others}`;
  return [{
    effect: "accept",
    reason: { code: "MigratedBefore", sentence, ...values },
    by: "past",
  }];
}

function dayOf(instant: string | null): string {
  return instant?.slice(0, "2026-01-31".length) ?? "an unknown day";
}

/** A build in a few words: `mtty 0.1 (B7D1), Linux 6.12.57, QEMU 10.0.2`. */
function buildWords({ driver, kernel, qemu }: OutcomeBuilds): string {
  const { name = "no driver", version = null, srcversion = null } = driver ?? {};
  const build = `${version === null ? "" : ` ${version}`}${
    srcversion === null ? "" : ` (${srcversion})`
  }`;
  return `${name}${build}, Linux ${kernel}, QEMU ${qemu}`;
}
