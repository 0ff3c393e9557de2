import { SysError } from "../../ffi/errno.ts";
import {
  VFIO_DEVICE_FLAGS_AMBA,
  VFIO_DEVICE_FLAGS_AP,
  VFIO_DEVICE_FLAGS_CAPS,
  VFIO_DEVICE_FLAGS_CCW,
  VFIO_DEVICE_FLAGS_CDX,
  VFIO_DEVICE_FLAGS_FSL_MC,
  VFIO_DEVICE_FLAGS_PCI,
  VFIO_DEVICE_FLAGS_PLATFORM,
  VFIO_DEVICE_FLAGS_RESET,
  VFIO_DEVICE_GET_INFO,
  vfio_device_info,
  VFIO_PCI_NUM_REGIONS,
} from "../../ffi/vfio.ts";
import {
  VFIO_REGION_SUBTYPE_MIGRATION_DEPRECATED,
  VFIO_REGION_TYPE_MIGRATION_DEPRECATED,
} from "../../ffi/vfio_migration.ts";
import { bringToRunning, type DeviceHandle, readState, type V1Region } from "../device/mod.ts";
import {
  type Capabilities,
  type Migration,
  type PciConfig,
  type Problem,
  type Region,
  toProblem,
} from "../documents/mod.ts";
import { allowedArcs } from "./arcs.ts";
import { testDeviceTracking } from "./device_tracking.ts";
import { testIommuTracking } from "./iommu_tracking.ts";
import { probeFeatures } from "./features.ts";
import { type MigrationFlags, readMigrationFlags, readStopCopyBytes } from "./migration.ts";
import { readPciConfig } from "./pci_config.ts";
import { readRegion } from "./region.ts";

const FLAGS = [
  [VFIO_DEVICE_FLAGS_RESET, "reset"],
  [VFIO_DEVICE_FLAGS_PCI, "pci"],
  [VFIO_DEVICE_FLAGS_PLATFORM, "platform"],
  [VFIO_DEVICE_FLAGS_AMBA, "amba"],
  [VFIO_DEVICE_FLAGS_CCW, "ccw"],
  [VFIO_DEVICE_FLAGS_AP, "ap"],
  [VFIO_DEVICE_FLAGS_FSL_MC, "fsl-mc"],
  [VFIO_DEVICE_FLAGS_CAPS, "caps"],
  [VFIO_DEVICE_FLAGS_CDX, "cdx"],
] as const;

/** More regions than any driver has: what a device says of itself is not believed beyond it. */
const MAX_REGIONS = 256;

/** What an open device is, and how it migrates: enough to work with it. */
export interface Survey {
  flags: string[];
  regions: Region[];
  irqs: number;
  /** The v2 flags, or why there are none. */
  asked: MigrationFlags;
  /** Where the region of uapi v1 is, where that is the way to migrate. */
  v1: V1Region | null;
  migration: Migration;
  state: string | null;
  pciConfig: PciConfig | null;
  problems: Problem[];
}

/**
 * What an open device is and how it migrates, brought to RUNNING where it was found elsewhere.
 *
 * Source: `VFIO_DEVICE_GET_INFO`, `VFIO_DEVICE_GET_REGION_INFO`, `VFIO_DEVICE_FEATURE`, the PCI configuration
 * region. Effect: none on a device in RUNNING, else resets it. Throws {@link SysError} only where the device
 * does not even say what it is.
 */
export function surveyDevice(device: DeviceHandle, id: string): Survey {
  const problems: Problem[] = [];
  const info = vfio_device_info.make({ argsz: vfio_device_info.size });
  device.sys.ioctl(device.fd, VFIO_DEVICE_GET_INFO, info);
  const { flags, num_regions, num_irqs } = vfio_device_info.read(info);
  const pci = (flags & VFIO_DEVICE_FLAGS_PCI) !== 0;
  const met = <T>(fallback: T, ask: () => T): T => {
    try {
      return ask();
    } catch (error) {
      problems.push(toProblem(error, id));
      return fallback;
    }
  };
  const read = Array.from(
    { length: Math.min(num_regions, MAX_REGIONS) },
    (_, index) => met<Region | null>(null, () => readRegion(device, index, { pci })),
  );
  const regions = read.filter((region) => region !== null);
  const asked = readMigrationFlags(device);
  const v1 = "features" in asked ? null : findV1Region(regions);
  const isClear = !read.includes(null) && (v1 !== null || isAsStateless(device, asked));
  const migration = summarize(asked, regions, { pci, isClear });
  // A device that has none for certain is the only one without a state.
  const hasState = "features" in asked || migration.uapi !== "none";
  const found = hasState ? bringToRunning(device, id, v1) : { state: null, problems: [] };
  problems.push(...found.problems);
  return {
    flags: FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name),
    regions,
    irqs: num_irqs,
    asked,
    v1,
    migration,
    state: found.state,
    pciConfig: met(null, () => readPciConfig(device, regions)),
    problems,
  };
}

/**
 * All that an open device says of itself, in one document.
 *
 * Source and effect: those of {@link surveyDevice}, and the test of dirty tracking.
 */
export function probeDevice(device: DeviceHandle, id: string, now: Date): Capabilities {
  const { asked, v1: _, ...survey } = surveyDevice(device, id);
  const absent = { result: "absent", check: null } as const;
  const dirtyTracking = {
    device: "features" in asked && survey.state === "running" ? testDeviceTracking(device) : absent,
    iommu: testIommuTracking(device),
  };
  const { migration } = survey;
  const size = migration.uapi === "v2" ? readStopCopyBytes(device) : { bytes: null, checks: [] };
  return {
    ...survey,
    device: id,
    path: device.path,
    iommu: device.iommu,
    probedAt: now.toISOString(),
    features: probeFeatures(device),
    dirtyTracking,
    v1Region: survey.regions.find(isMigrationRegion)?.index ?? null,
    migration: {
      ...migration,
      stopCopyBytes: size.bytes,
      ...summarizeTracking(dirtyTracking, migration.uapi !== "v2" || survey.state === "running"),
      checks: [
        ...migration.checks ?? [],
        ...size.checks,
        ...[dirtyTracking.device, dirtyTracking.iommu].flatMap(({ check }) => check ?? []),
      ],
    },
  };
}

/** Who tracks dirty pages; the log of a device that could not be brought to RUNNING was not asked. */
function summarizeTracking(
  { device, iommu }: Capabilities["dirtyTracking"],
  isAsked: boolean,
): Pick<Migration, "dirtyTracking" | "dmaLogging"> {
  const other = iommu.result === "works" ? "iommu" : isAsked ? "none" : "unknown";
  return {
    dirtyTracking: device.result === "works" ? "device" : other,
    dmaLogging: isAsked ? device.result : null,
  };
}

/** Where the migration region of uapi v1 is, null where the device has none. */
export function findV1Region(regions: readonly Region[]): V1Region | null {
  const region = regions.find(isMigrationRegion);
  return region === undefined ? null : { offset: BigInt(region.offset), size: region.size };
}

function isMigrationRegion({ capabilities }: Region): boolean {
  return capabilities.some(({ name, type, subtype }) =>
    name === "type" && type === VFIO_REGION_TYPE_MIGRATION_DEPRECATED &&
    subtype === VFIO_REGION_SUBTYPE_MIGRATION_DEPRECATED
  );
}

/** Whether a driver that says that it has no v2 tells no state either: else nothing is clear. */
function isAsStateless(device: DeviceHandle, asked: MigrationFlags): boolean {
  if ("features" in asked) return true;
  try {
    readState(device);
    return false;
  } catch (error) {
    if (error instanceof SysError) return error.code === "ENOTTY";
    throw error;
  }
}

/**
 * Whether a region that could not be read may be that of uapi v1, which on PCI comes after those that every function
 * has. EINVAL is how vfio-pci refuses one of those that this function lacks.
 */
function mayHideMigration({ index, errno }: Region, { pci }: { pci: boolean }): boolean {
  if (errno === null) return false;
  return pci ? index >= VFIO_PCI_NUM_REGIONS : errno !== "EINVAL";
}

/** What is known of migration before anything was tried. v2 is preferred where both are there. */
function summarize(
  asked: MigrationFlags,
  regions: readonly Region[],
  { pci, isClear }: { pci: boolean; isClear: boolean },
): Migration {
  const features = "features" in asked ? asked.features : [];
  const v2 = features.includes("stop-copy");
  const unread = regions.filter((region) => mayHideMigration(region, { pci }));
  // Another errno than ENOTTY is no answer to whether there is migration.
  const unclear = ("check" in asked && asked.check.errno !== "ENOTTY") || unread.length > 0 ||
    !isClear;
  return {
    uapi: v2 ? "v2" : regions.some(isMigrationRegion) ? "v1" : unclear ? "unknown" : "none",
    features,
    arcs: allowedArcs(features),
    stopCopyBytes: null,
    dirtyTracking: "unknown",
    observed: "probed",
    checks: [
      ..."check" in asked ? [asked.check] : [],
      ...unread.map(({ name, errno }) => ({ step: `VFIO_DEVICE_GET_REGION_INFO ${name}`, errno })),
    ],
  };
}
