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

/** What one check finds: for it, against it, that it cannot be known, a warning, or that it is not to be had now. */
export interface Finding {
  effect: "accept" | "refuse" | "unknown" | "warn" | "unavailable";
  reason: Reason;
  /** Who found it, where it is no check of ours: a rule, a test, what the virtual machine monitor compares, or a need of it. */
  by?: "rule" | "test" | "vmm" | "need";
  /** Of what is unknown: how much it counts in the order of offers, 1 where it is left out. */
  weight?: number;
}

/** The name that a sentence about a target starts with. */
export function vendorOf({ driver, configuration }: Candidate): string {
  return vendorName(driver, configuration.type);
}

/** The name that a sentence about a source starts with. */
export function driverOf({ driver, type }: Identity): string {
  return vendorName(driver, type);
}

/** A finding of a check with both values; the table of codes says to which effect each is raised. */
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
