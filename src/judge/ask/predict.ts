import type { Device, Identity, Prediction, Snapshot } from "../../documents/mod.ts";
import { judgeOne } from "./ask.ts";
import type { SubsystemMode } from "./conclude.ts";

/**
 * What an answer says about a pair, to be held against what became of its migration. The migration may be over: then the
 * device is in use, or a failed load has left it in a state that must be reset. Neither counts here. Pure.
 */
export function predict(
  snapshot: Snapshot,
  source: Identity,
  { device, subsystem }: { device: Device; subsystem: SubsystemMode },
): Prediction {
  const { verdict, evidence } = judgeOne(snapshot, source, { ...device, trouble: null }, {
    subsystem,
  });
  return { verdict, evidence };
}
