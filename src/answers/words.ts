import type { Availability, Configuration, Device, Migration } from "../documents/mod.ts";

/** Migration in a few words: `v2 stop-copy p2p pre-copy`, `none (ENOTTY)`, `unknown`. */
export function migrationWords({ uapi, features, checks }: Migration): string {
  if (uapi === "v2") return ["v2", ...features].join(" ");
  const errno = uapi === "none" ? checks?.[0]?.errno : null;
  return errno == null ? uapi : `${uapi} (${errno})`;
}

/** What tracks dirty pages: `device`, `iommu`, `none`; and what fails in the device's own log. */
export function trackingWords({ dirtyTracking, dmaLogging }: Migration): string {
  const failed = TRACKING_FAILURES[dmaLogging ?? "works"];
  return failed === undefined ? dirtyTracking : `${dirtyTracking} (log ${failed})`;
}

const TRACKING_FAILURES: Readonly<Record<string, string>> = {
  "cannot-start": "cannot start",
  "cannot-report": "starts, cannot report",
  "cannot-stop": "cannot stop",
};

/** The driver and its version; `-` for none. */
export function driverWords({ driver }: Pick<Device, "driver">): string {
  if (driver === null) return "-";
  return driver.version === null ? driver.name : `${driver.name} ${driver.version}`;
}

/** A configuration in a few words: `device ID`, `new TYPE on PARENT`. */
export function configurationWords({ kind, type, id, parent, instances }: Configuration): string {
  if (kind === "device") return `device ${id}`;
  return `${instances === undefined ? "new" : `${instances} new`} ${type} on ${parent}`;
}

/** Whether a configuration is available now, and how many instances. */
export function availabilityWords(availability: Availability): string {
  const { now, instances } = availability;
  if (!now) return `not now (${whyNotNow(availability)})`;
  return instances === null || instances === 1 ? "now" : `now, ${instances} instances`;
}

/** Why a configuration is not available now. */
export function whyNotNow({ reason = "no free instance" }: Availability): string {
  return reason;
}
