import { EVIDENCE, type Outcome, type Prediction, VERDICTS } from "../documents/mod.ts";

/** What became of the migrations that answers said the same about. */
export interface Calibrated extends Prediction {
  ok: number;
  /** Failed, because the device's driver or QEMU's code for VFIO refused. */
  failedByDevice: number;
  /** Failed for another reason, or for an unknown one. */
  failedOtherwise: number;
  /**
   * The share of predictions that were right, among migrations that succeeded or failed for a reason of the device. Null
   * for `unknown`, which predicts nothing, and where there is none.
   */
  right: number | null;
}

/** Holds predictions against outcomes: by verdict and evidence, in the order of both. Pure. */
export function calibrate(outcomes: readonly Outcome[]): Calibrated[] {
  const predicted = outcomes.flatMap((outcome) =>
    outcome.predicted === null ? [] : [{ ...outcome, predicted: outcome.predicted }]
  );
  return VERDICTS.flatMap((verdict) =>
    [...EVIDENCE, null].flatMap((evidence) => {
      const same = predicted.filter(({ predicted: said }) =>
        said.verdict === verdict && said.evidence === evidence
      );
      return same.length === 0 ? [] : [count({ verdict, evidence }, same)];
    })
  );
}

/** The sums of all rows. `right` is the share among predictions that say yes or no. Pure. */
export function sumCalibrated(
  rows: readonly Calibrated[],
): Omit<Calibrated, "verdict" | "evidence"> {
  const sum = (of: (row: Calibrated) => number) => rows.reduce((all, row) => all + of(row), 0);
  const hits = sum(hitsOf);
  const told = sum((row) => row.verdict === "unknown" ? 0 : row.ok + row.failedByDevice);
  return {
    ok: sum(({ ok }) => ok),
    failedByDevice: sum(({ failedByDevice }) => failedByDevice),
    failedOtherwise: sum(({ failedOtherwise }) => failedOtherwise),
    right: told === 0 ? null : hits / told,
  };
}

/** How many predictions were right. `unknown` predicts nothing. */
function hitsOf(
  { verdict, ok, failedByDevice }: Pick<Calibrated, "verdict" | "ok" | "failedByDevice">,
): number {
  return { compatible: ok, incompatible: failedByDevice, unknown: 0 }[verdict];
}

function count({ verdict, evidence }: Prediction, outcomes: readonly Outcome[]): Calibrated {
  const ok = outcomes.filter(({ result }) => result === "ok").length;
  const failedByDevice = outcomes.filter(({ cause }) => cause === "device").length;
  const told = ok + failedByDevice;
  const isOpen = verdict === "unknown" || told === 0;
  return {
    verdict,
    evidence,
    ok,
    failedByDevice,
    failedOtherwise: outcomes.length - told,
    right: isOpen ? null : hitsOf({ verdict, ok, failedByDevice }) / told,
  };
}
