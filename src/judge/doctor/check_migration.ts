import type { Device, FindingCode } from "../../documents/mod.ts";
import { driverKnowledge, isBoundTo } from "./drivers.ts";
import type { DeviceExamination } from "./examination.ts";
import { find, type Finding, vendorOf } from "./finding.ts";
import { isOlder } from "../rules/mod.ts";

/** Why a device has no migration, or probably has none, according to what is known about its driver. */
export function checkMigration(examination: DeviceExamination): Finding[] {
  const { device, variant } = examination;
  const { id, migration, pci } = device;
  // VariantDriverNotBound already explains it.
  if (variant !== null && pci?.function === "virtual" && !isBoundTo(device, variant.module)) {
    return [];
  }
  const level = migration.uapi === "none" ? "blocks" : "unknown";
  if (level === "unknown" && !(migration.uapi === "unknown" && isWithout(device))) return [];
  const check = migration.checks?.[0] ?? null;
  const { code, why, remedy } = explain(examination);
  const sentence = `${vendorOf(device)}: ${why}`;
  return [find(level, code, { subject: id, sentence, remedy, check })];
}

/** Whether the driver is known to have no migration in any version. */
function isWithout({ driver }: Device): boolean {
  return driver !== null && driverKnowledge(driver)?.since === "never";
}

interface Explanation {
  code: FindingCode<"blocks">;
  why: string;
  remedy: string;
}

/** The first explanation that applies. Drivers without migration come last. */
function explain(examination: DeviceExamination): Explanation {
  const { device, kernel, upstream } = examination;
  const { driver, pci } = device;
  const known = driver === null ? null : driverKnowledge(driver);
  if (known === null) {
    return {
      code: "NoMigration",
      why: "the driver answered that it has no migration",
      remedy: "Ask its vendor for a driver with VFIO migration v2.",
    };
  }
  const { since } = known;
  const why = known.whyOf?.(device) ?? known.why;
  const remedy = known.remedy(device);
  if (since === "vendor") return { code: "DeviceNotMigratable", why, remedy };
  if (since !== "never" && isOlder(kernel, since)) {
    return {
      code: "KernelTooOld",
      why: `it can migrate since Linux ${since}; ${kernel} is likely too old`,
      remedy: newerKernel(since),
    };
  }
  if (since !== "never") return { code: "DeviceNotMigratable", why, remedy };
  if (upstream !== null && pci?.function === "virtual") return explainMissing(upstream, kernel);
  if (pci?.function === "physical" && pci.virtualFunctions.length > 0) {
    return {
      code: "PhysicalFunction",
      why: `${why}; variant drivers migrate virtual functions only`,
      remedy: "Assign one of its virtual functions.",
    };
  }
  return { code: "DriverHasNoMigration", why, remedy };
}

const newerKernel = (since: string) =>
  `Boot Linux ${since} or later, or a vendor kernel with a backport.`;

/** Linux has a variant driver for the function, but none was found on this host. */
function explainMissing(
  { module, since }: { module: string; since: string },
  kernel: string,
): Explanation {
  const why = `the plain driver cannot migrate it; ${module} can, since Linux ${since}`;
  if (isOlder(kernel, since)) {
    const tooOld = `${why}; ${kernel} is likely too old`;
    return { code: "KernelTooOld", why: tooOld, remedy: newerKernel(since) };
  }
  const config = `CONFIG_${module.toUpperCase()}=m`;
  const remedy =
    `Run modprobe ${module}; if it is missing, install the kernel's extra modules or build the kernel with ${config}.`;
  return { code: "VariantDriverMissing", why: `${why}, but was not found on this host`, remedy };
}
