import {
  type Check,
  type CodeOf,
  type Identity,
  type Reason,
  type REASON_CODES,
  type ReasonCode,
  vendorName,
} from "../../documents/mod.ts";
import type { Candidate } from "./configurations.ts";

/** The result of one check. */
export interface Finding {
  effect: "accept" | "refuse" | "unknown" | "warn" | "unavailable";
  reason: Reason;
  /**
   * Who found it: a rule, a test, earlier migrations, the virtual machine monitor's comparison, or its needs. Unset for a
   * check here.
   */
  by?: "rule" | "test" | "past" | "vmm" | "need";
  /** The weight of an unknown in the order of offers; 1 by default. */
  weight?: number;
}

/** The name at the start of a sentence about a target. */
export function vendorOf({ driver, configuration }: Candidate): string {
  return vendorName(driver, configuration.type);
}

/** The name at the start of a sentence about a source. */
export function driverOf({ driver, type }: Identity): string {
  return vendorName(driver, type);
}

/** A finding of a check, with both values. The table of codes defines the effect of each code. */
export function find<Effect extends Finding["effect"] & keyof typeof REASON_CODES.checks>(
  effect: Effect,
  code: CodeOf<"checks", Effect> & ReasonCode,
  sentence: string,
  values: { source: string | null; host: string | null },
  check?: Check,
): Finding {
  return {
    effect,
    reason: { code, sentence, ...values, ...(check === undefined ? {} : { check }) },
  };
}
