import type { Identity } from "../../documents/mod.ts";
import type { Candidate } from "./configurations.ts";
import { find, type Finding, vendorOf } from "./finding.ts";

/**
 * The opaque version, where a vendor's kernel gives one. Its text is never looked into: the same text is the
 * same version, which its own driver takes; of another one only the driver knows, by a test.
 */
export function checkVersion(source: Identity, target: Candidate): Finding[] {
  if (target.version === null) return [];
  const vendor = vendorOf(target);
  const { errno, version } = target.version;
  const values = { source: source.version, host: version };
  if (errno !== null) {
    const sentence = `${vendor}: reading its version gave ${errno}, so that it cannot migrate`;
    return [find("refuse", "VersionUnreadable", sentence, values, { step: "read version", errno })];
  }
  if (source.version === null || version === null || source.version === version) return [];
  const sentence =
    `${vendor}: its version is not the source's, and only the driver knows whether it takes that one`;
  return [find("unknown", "VersionNotTested", sentence, values)];
}
