import {
  buildsOf,
  type Device,
  type Host,
  type Identity,
  MAX_OUTCOME_MESSAGE,
  type Outcome,
  OUTCOME_SCHEMA,
  type OutcomeCause,
  type OutcomeOrigin,
  type OutcomeResult,
  type OutcomeSide,
  type Prediction,
  qemuOf,
} from "../documents/mod.ts";
import { causeOf } from "./cause_of.ts";

/** The side of a source: its host and device, and the QEMU that ran it, as far as its identity says. Pure. */
export function sourceSide(source: Identity): OutcomeSide {
  const { qemu = null, machineType = null } = source.vmm ?? {};
  const builds = buildsOf(source, { qemu, machineType });
  return { host: source.host.name, id: source.id, ...builds };
}

/** The device that took a migration: of a snapshot, or an identity with its own host. */
export type TargetDevice = Pick<
  Device,
  "id" | "kind" | "type" | "deviceApi" | "driver" | "parentDriver" | "facts"
>;

/**
 * The side of a target. Its QEMU is the one that is installed on its host, because the machine was started with it. Its
 * machine type is that of the source. Pure.
 */
export function targetSide(
  source: Identity,
  { device, host }: { device: TargetDevice | Identity; host: Host },
): OutcomeSide {
  const machineType = source.vmm?.machineType ?? null;
  const builds = buildsOf({ ...device, host }, { qemu: qemuOf(host), machineType });
  return { host: host.name, id: device.id, ...builds };
}

/** What an outcome is made from. */
export interface OutcomeParts {
  source: Identity;
  /** The device that took the migration, and its host. */
  target: { device: TargetDevice | Identity; host: Host };
  result: OutcomeResult;
  /** Null if it is unknown. If missing, it follows from the message. */
  cause?: OutcomeCause | null | undefined;
  message?: string | null | undefined;
  vm?: string | null | undefined;
  predicted?: Prediction | null | undefined;
  origin: OutcomeOrigin;
  at: Date;
}

/** Makes the document of an outcome. A long message loses its middle. Pure. */
export function makeOutcome(
  { source, target, result, cause, message = null, vm = null, predicted = null, ...parts }:
    OutcomeParts,
): Outcome {
  return {
    schema: OUTCOME_SCHEMA,
    at: parts.at.toISOString(),
    result,
    cause: result === "ok" ? null : cause === undefined ? causeOf(message) : cause,
    message: message === null ? null : shortened(message),
    source: sourceSide(source),
    target: targetSide(source, target),
    predicted,
    vm,
    origin: parts.origin,
  };
}

const GAP = "\n[…]\n";

/** The start and the end of a long message: the reason is often the last line. */
function shortened(message: string): string {
  if (message.length <= MAX_OUTCOME_MESSAGE) return message;
  const half = Math.floor((MAX_OUTCOME_MESSAGE - GAP.length) / 2);
  return (message.slice(0, half) + GAP + message.slice(-half)).toWellFormed();
}
