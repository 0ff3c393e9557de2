import { type Check, type Identity, isMigratable } from "../../documents/mod.ts";
import type { Candidate } from "./configurations.ts";
import { driverOf, find, type Finding, vendorOf } from "./finding.ts";

/** Whether both sides support migration and use the same version of the uAPI. */
export function checkMigration(source: Identity, target: Candidate): Finding[] {
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
    const sentence = `${driverOf(source)}: it is unknown whether the source can migrate`;
    found.push(find("unknown", "SourceNotObserved", sentence, values));
  }
  if (ours === "none") {
    const sentence = `${vendor}: the driver on this host does not support migration`;
    found.push(
      find("refuse", "TargetCannotMigrate", sentence, values, refusedBy(target.migration)),
    );
  } else if (ours === "unknown") {
    const sentence = `${vendor}: no device of this kind was probed for migration support`;
    found.push(find("unknown", "TargetNotObserved", sentence, values));
  } else if (isMigratable(target.migration) && isMigratable(source.migration) && ours !== theirs) {
    const sentence = `${vendor}: migration uAPI ${ours} cannot load a stream of uAPI ${theirs}`;
    found.push(find("refuse", "UapiDiffers", sentence, values));
  }
  return found;
}

const FEATURES = [["p2p", "P2pMissing"], ["pre-copy", "PreCopyMissing"]] as const;

/** Features that only the source has. A migration is possible without them, but it behaves differently. */
export function checkFeatures(source: Identity, target: Candidate): Finding[] {
  if (target.migration.uapi !== "v2" || source.migration.uapi !== "v2") return [];
  return FEATURES.flatMap(([feature, code]) => {
    const there = (features: string[]) => features.includes(feature);
    if (!there(source.migration.features) || there(target.migration.features)) return [];
    const sentence = `${
      vendorOf(target)
    }: the driver on this host lacks ${feature}, which the source has`;
    const host = target.migration.features.join(" ");
    return [find("warn", code, sentence, { source: source.migration.features.join(" "), host })];
  });
}

/** A different driver build is only a warning. Whether it matters, only the vendor knows. */
export function checkBuild(source: Identity, target: Candidate): Finding[] {
  const [theirs, ours] = [source.driver, target.driver];
  if (theirs === null || ours === null || theirs.name !== ours.name) return [];
  const build = ({ version, srcversion }: typeof ours) => version ?? srcversion;
  const [a, b] = [build(theirs), build(ours)];
  if (a === b) return [];
  const sentence = `${vendorOf(target)}: the driver version differs from the source's`;
  return [find("warn", "DriverVersionDiffers", sentence, { source: a, host: b })];
}

/** The first check of a migration document is the one that failed. */
function refusedBy({ checks }: Identity["migration"]): Check | undefined {
  return checks?.[0];
}
