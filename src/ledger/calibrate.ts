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

function count({ verdict, evidence }: Prediction, outcomes: readonly Outcome[]): Calibrated {
  const ok = outcomes.filter(({ result }) => result === "ok").length;
  const failedByDevice = outcomes.filter(({ cause }) => cause === "device").length;
  const told = ok + failedByDevice;
  const hits = { compatible: ok, incompatible: failedByDevice, unknown: null }[verdict];
  return {
    verdict,
    evidence,
    ok,
    failedByDevice,
    failedOtherwise: outcomes.length - told,
    right: hits === null || told === 0 ? null : hits / told,
  };
}
