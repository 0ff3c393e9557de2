import {
  type Check,
  type Driver,
  type FINDING_CODES,
  type FindingCode,
  type Problem,
  vendorName,
} from "../../documents/mod.ts";

/**
 * The effect of a finding: it prevents migration, makes it unknown whether the device can migrate, limits migration, or
 * is only a note.
 */
export type Level = keyof typeof FINDING_CODES;

/** A finding and its remedy. */
export interface Finding {
  /** Stable, for programs: `VariantDriverNotBound`. */
  code: FindingCode;
  level: Level;
  /** A device, or `host`. */
  subject: string;
  /** For people. Starts with the driver or vendor. */
  sentence: string;
  /** One imperative sentence, with the command if there is one. */
  remedy: string | null;
  /** The kernel's answer that it is based on. */
  check: Check | null;
  /** The sysfs attribute, or other file, that it is based on. */
  sysfs: { path: string; value: string | null } | null;
}

/** Whether a device can migrate on this host, according to its findings. */
export type CanMigrate = "yes" | "no" | "unknown";

/** The result of examining one device. */
export interface Diagnosis {
  id: string;
  type: string;
  driver: Driver | null;
  canMigrate: CanMigrate;
  findings: Finding[];
}

/** The diagnosis of a host: its devices by name, the findings about the host itself, and problems met. */
export interface Diagnoses {
  devices: Diagnosis[];
  findings: Finding[];
  problems: Problem[];
}

/** Decides by the worst finding whether a device can migrate. */
export function canMigrate(findings: readonly Finding[]): CanMigrate {
  const has = (level: Level) => findings.some((finding) => finding.level === level);
  return has("blocks") ? "no" : has("unknown") ? "unknown" : "yes";
}

/** Makes a finding. Omitted parts are null. */
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
