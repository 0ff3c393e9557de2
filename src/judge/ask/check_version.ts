import type { Identity } from "../../documents/mod.ts";
import type { Candidate } from "./configurations.ts";
import { find, type Finding, vendorOf } from "./finding.ts";

/**
 * The opaque version, if a vendor's kernel has one. Its text is never interpreted. Equal texts are the same version,
 * which the driver accepts. Whether it accepts a different version, only a test of the driver shows.
 */
export function checkVersion(source: Identity, target: Candidate): Finding[] {
  if (target.version === null) return [];
  const vendor = vendorOf(target);
  const { errno, version } = target.version;
  const values = { source: source.version, host: version };
  if (errno !== null) {
    const sentence =
      `${vendor}: reading the version failed with ${errno}, so the device cannot migrate`;
    return [find("refuse", "VersionUnreadable", sentence, values, { step: "read version", errno })];
  }
  if (source.version === null || version === null || source.version === version) return [];
  const sentence =
    `${vendor}: the version differs from the source's, and only the driver knows whether it accepts that one`;
  return [find("unknown", "VersionNotTested", sentence, values)];
}
