import {
  type Check,
  type Driver,
  type FINDING_CODES,
  type FindingCode,
  vendorName,
} from "../../documents/mod.ts";

/**
 * How much a finding matters: it keeps the device from migrating, keeps that from being known, makes a migration
 * worse or rarer, or is just good to know.
 */
export type Level = keyof typeof FINDING_CODES;

/** One thing that was found, with what to do about it. */
export interface Finding {
  /** Stable, for programs: `VariantDriverNotBound`. */
  code: FindingCode;
  level: Level;
  /** A device, or `host`. */
  subject: string;
  /** For a person; the driver or vendor first. */
  sentence: string;
  /** One imperative sentence, with the command where there is one. */
  remedy: string | null;
  /** The kernel's answer behind it. */
  check: Check | null;
  /** What sysfs, or another file, says behind it. */
  sysfs: { path: string; value: string | null } | null;
}

/** Whether a device can migrate on this host at all, by its findings. */
export type CanMigrate = "yes" | "no" | "unknown";

/** What came of examining one device. */
export interface Diagnosis {
  id: string;
  type: string;
  driver: Driver | null;
  canMigrate: CanMigrate;
  findings: Finding[];
}

/** The worst of the findings says whether a device can migrate. */
export function canMigrate(findings: readonly Finding[]): CanMigrate {
  const has = (level: Level) => findings.some((finding) => finding.level === level);
  return has("blocks") ? "no" : has("unknown") ? "unknown" : "yes";
}

/** Puts a finding together; what it does not have is null. */
export function find<L extends Level>(
  level: L,
  code: FindingCode<L> & FindingCode,
  { subject, sentence, remedy = null, check = null, sysfs = null }:
    & Pick<Finding, "subject" | "sentence">
    & Partial<Pick<Finding, "remedy" | "check" | "sysfs">>,
): Finding {
  return { code, level, subject, sentence, remedy, check, sysfs };
}

/** The name that a sentence about a device starts with. */
export function vendorOf({ driver, type }: { driver: Driver | null; type: string }): string {
  return vendorName(driver, type);
}
