import type { Check, Driver, Host, Identity, PciConfig, Reason } from "../identity/mod.ts";
import type { Candidate } from "./configurations.ts";

/** What one check finds: nothing to say, a refusal, something that cannot be known, or a warning. */
export type Finding = { effect: "accept" | "refuse" | "unknown" | "warn"; reason: Reason };

/** A question that is put to every candidate. `vendor` is the name that a sentence starts with. */
type CompatibilityCheck = (source: Identity, target: Candidate, host: Host) => Finding[];

/** All checks, in the order in which their reasons are told. */
const CHECKS: readonly CompatibilityCheck[] = [
  checkTrouble,
  checkType,
  checkDeviceApi,
  checkMigration,
  checkPciConfig,
  checkFeatures,
  checkDirtyTracking,
  checkBuild,
];

/** What every check finds of a candidate. */
export function runChecks(source: Identity, target: Candidate, host: Host): Finding[] {
  return CHECKS.flatMap((check) => check(source, target, host));
}

/** A device that a test could not bring back is offered to nobody. */
function checkTrouble(_source: Identity, target: Candidate): Finding[] {
  if (!target.trouble) return [];
  const { code, sentence } = target.trouble;
  const reason = {
    code: code === "stuck" ? "Stuck" : "NeedsReset",
    sentence: `${vendorOf(target)}: ${sentence}`,
  };
  return [{ effect: "refuse", reason }];
}

function checkType(source: Identity, target: Candidate): Finding[] {
  const { type } = target.configuration;
  const vendor = vendorOf(target);
  if (type === source.type) {
    const sentence = `${vendor}: the type ${type} is the source's`;
    return [find("accept", "SameType", sentence, { source: source.type, host: type })];
  }
  const sentence = `${vendor}: the type ${type} is not the source's ${source.type}`;
  return [find("refuse", "TypeDiffers", sentence, { source: source.type, host: type })];
}

function checkDeviceApi(source: Identity, target: Candidate): Finding[] {
  const [ours, theirs] = [target.deviceApi, source.deviceApi];
  if (ours === null || theirs === null || ours === theirs) return [];
  const sentence = `${vendorOf(target)}: the device API ${ours} is not the source's ${theirs}`;
  return [find("refuse", "DeviceApiDiffers", sentence, { source: theirs, host: ours })];
}

function checkMigration(source: Identity, target: Candidate, host: Host): Finding[] {
  const vendor = vendorOf(target);
  const [theirs, ours] = [source.migration.uapi, target.migration.uapi];
  const values = { source: theirs, host: ours };
  const found: Finding[] = [];
  if (theirs === "none") {
    const sentence = `${driverOf(source)}: the source's driver does not support migration`;
    found.push(
      find("refuse", "SourceCannotMigrate", sentence, values, refusedBy(source.migration)),
    );
  } else if (theirs === "unknown") {
    const sentence = `${driverOf(source)}: it is not known whether the source can migrate`;
    found.push(find("unknown", "SourceNotObserved", sentence, values));
  }
  if (ours === "none") {
    const sentence = `${vendor}: the driver does not support migration here`;
    found.push(
      find("refuse", "TargetCannotMigrate", sentence, values, refusedBy(target.migration)),
    );
  } else if (ours === "unknown" && !isSameBuild(source, target, host)) {
    const sentence = `${vendor}: no device of this kind has been asked whether it can migrate`;
    found.push(find("unknown", "TargetNotObserved", sentence, values));
  } else if (target.version?.errno) {
    const { errno } = target.version;
    const sentence = `${vendor}: reading its version gave ${errno}, so that it cannot migrate`;
    found.push(
      find("refuse", "VersionUnreadable", sentence, values, { step: "read version", errno }),
    );
  } else if (isMigratable(ours) && isMigratable(theirs) && ours !== theirs) {
    const sentence = `${vendor}: migration by uapi ${ours} cannot take a stream of ${theirs}`;
    found.push(find("refuse", "UapiDiffers", sentence, values));
  }
  return found;
}

/**
 * What the guest sees must be the same, since a virtual machine monitor compares it and refuses a
 * difference whatever the driver says.
 */
function checkPciConfig(source: Identity, target: Candidate): Finding[] {
  const [theirs, ours] = [source.pciConfig, target.pciConfig];
  if (theirs === null || ours === null) return [];
  const reason = differentPciConfig(vendorOf(target), theirs, ours);
  return reason === null ? [] : [{ effect: "refuse", reason }];
}

/** What a guest would see differ, null where it would see the same. `theirs` is the source's. */
export function differentPciConfig(
  vendor: string,
  theirs: PciConfig,
  ours: PciConfig,
): Reason | null {
  const different = PCI_FIELDS.filter(({ of }) => of(theirs) !== of(ours));
  if (different.length === 0) return null;
  const fields = different.map(({ field }) => field).join(", ");
  const values = (config: PciConfig) =>
    different.map(({ field, of }) => `${field} ${of(config) || "none"}`).join(", ");
  const sentence = `${vendor}: the guest would see another PCI ${fields} than the source's`;
  return { code: "PciConfigDiffers", sentence, source: values(theirs), host: values(ours) };
}

const PCI_FIELDS: readonly { field: string; of: (config: PciConfig) => string }[] = [
  { field: "vendor", of: ({ vendor }) => vendor },
  { field: "device", of: ({ device }) => device },
  { field: "revision", of: ({ revision }) => revision },
  { field: "class", of: (config) => config.class },
  { field: "subsystem", of: ({ subsystem }) => subsystem },
  {
    field: "capability list",
    of: ({ capabilities }) => capabilities.map(capabilityText).join(" "),
  },
  {
    field: "BAR layout",
    of: ({ bars }) =>
      bars.map(({ index, kind, size, prefetchable }) =>
        `${index}:${kind}${prefetchable ? "p" : ""}:${size}`
      ).join(" "),
  },
];

function capabilityText({ id, offset, vectors }: PciConfig["capabilities"][number]): string {
  return `${id}@${offset}${vectors === undefined ? "" : `x${vectors}`}`;
}

/** Features that the source has and the target lacks do not forbid a migration, yet change it. */
function checkFeatures(source: Identity, target: Candidate): Finding[] {
  if (target.migration.uapi !== "v2" || source.migration.uapi !== "v2") return [];
  return [["p2p", "P2pMissing"], ["pre-copy", "PreCopyMissing"]].flatMap(([feature, code]) => {
    const there = (features: string[]) => features.includes(feature!);
    if (!there(source.migration.features) || there(target.migration.features)) return [];
    const sentence = `${
      vendorOf(target)
    }: the driver has no ${feature} here, as it has at the source`;
    const host = target.migration.features.join(" ");
    return [find("warn", code!, sentence, { source: source.migration.features.join(" "), host })];
  });
}

/** Without it a migration that starts from here again needs every page copied while the machine stands. */
function checkDirtyTracking(source: Identity, target: Candidate): Finding[] {
  if (!isMigratable(source.migration.uapi) || source.migration.dirtyTracking !== "none") return [];
  const sentence = `${
    driverOf(source)
  }: neither the source's driver nor its IOMMU tracks dirty pages`;
  const check = source.migration.checks?.find(({ step }) => step.startsWith("DMA_LOGGING"));
  const values = { source: "none", host: target.migration.dirtyTracking };
  return [find("warn", "DirtyTrackingMissing", sentence, values, check)];
}

/** Another build of the driver is no refusal: whether it matters is the vendor's to say. */
function checkBuild(source: Identity, target: Candidate): Finding[] {
  const [theirs, ours] = [source.driver, target.driver];
  if (theirs === null || ours === null || theirs.name !== ours.name) return [];
  const build = ({ version, srcversion }: typeof ours) => version ?? srcversion;
  const [a, b] = [build(theirs), build(ours)];
  if (a === b) return [];
  const sentence = `${vendorOf(target)}: the driver's version here is not the source's`;
  return [find("warn", "DriverVersionDiffers", sentence, { source: a, host: b })];
}

/**
 * Whether the source's own word holds here too: the same kernel, and the same build of the driver; for a type
 * that no device shows the driver of yet, of its parent's driver.
 */
function isSameBuild(source: Identity, { driver, parentDriver }: Candidate, host: Host): boolean {
  if (source.host.kernel !== host.kernel) return false;
  return driver === null
    ? isSameDriver(source.parentDriver ?? null, parentDriver)
    : isSameDriver(source.driver, driver);
}

function isSameDriver(a: Driver | null, b: Driver | null): boolean {
  if (a === null || b === null || a.name !== b.name || a.module !== b.module) return false;
  // Built in: it is as the kernel is.
  return a.module === null || (a.srcversion !== null && a.srcversion === b.srcversion);
}

function isMigratable(uapi: string): boolean {
  return uapi === "v1" || uapi === "v2";
}

/** The first check of a migration document is the one that said that there is none. */
function refusedBy({ checks }: Identity["migration"]): Check | undefined {
  return checks?.[0];
}

function vendorOf({ driver, configuration }: Candidate): string {
  return driver?.name ?? configuration.type.split(/[-:]/)[0]!;
}

function driverOf({ driver, type }: Identity): string {
  return driver?.name ?? type.split(/[-:]/)[0]!;
}

function find(
  effect: Finding["effect"],
  code: string,
  sentence: string,
  values: { source: string | null; host: string | null },
  check?: Check,
): Finding {
  return {
    effect,
    reason: { code, sentence, ...values, ...(check === undefined ? {} : { check }) },
  };
}
