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

/** More regions than any driver has. A larger number from the device is ignored. */
const MAX_REGIONS = 256;

/** What an open device is, and how it migrates. This is enough to work with it. */
export interface Survey {
  flags: string[];
  regions: Region[];
  irqs: number;
  /** The v2 flags, or why there are none. */
  asked: MigrationFlags;
  /** The location of the uapi v1 region, if the device migrates through it. */
  v1: V1Region | null;
  migration: Migration;
  state: string | null;
  /** The state in which it was found; null if it has none, or if that could not be read. */
  was: string | null;
  pciConfig: PciConfig | null;
  problems: Problem[];
}

/**
 * What an open device is and how it migrates. Brings it to RUNNING first if necessary.
 *
 * Source: `VFIO_DEVICE_GET_INFO`, `VFIO_DEVICE_GET_REGION_INFO`, `VFIO_DEVICE_FEATURE`, the PCI configuration region.
 * Effect: none on a device in RUNNING, otherwise resets it. Throws {@link SysError} only if the device cannot be
 * identified.
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
  // Only a device that certainly has no migration has no state.
  const hasState = "features" in asked || migration.uapi !== "none";
  const found = hasState
    ? bringToRunning(device, id, v1)
    : { state: null, was: null, problems: [] };
  problems.push(...found.problems);
  return {
    flags: FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name),
    regions,
    irqs: num_irqs,
    asked,
    v1,
    migration,
    state: found.state,
    was: found.was,
    pciConfig: met(null, () => readPciConfig(device, regions)),
    problems,
  };
}

/**
 * Everything that an open device reports about itself, in one document.
 *
 * Source and effect: those of {@link surveyDevice}, and the dirty tracking test.
 */
export function probeDevice(device: DeviceHandle, id: string, now: Date): Capabilities {
  const { asked, v1: _, was: __, ...survey } = surveyDevice(device, id);
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

/** What tracks dirty pages. A device that could not be brought to RUNNING was not tested. */
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

/** The location of the uapi v1 migration region, or null. */
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

/** Whether a driver that reports no v2 also reports no state. Otherwise nothing is certain. */
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
 * Whether an unreadable region may be the uapi v1 region. On PCI, that region comes after the fixed ones. vfio-pci
 * returns EINVAL for a fixed region that this function lacks.
 */
function mayHideMigration({ index, errno }: Region, { pci }: { pci: boolean }): boolean {
  if (errno === null) return false;
  return pci ? index >= VFIO_PCI_NUM_REGIONS : errno !== "EINVAL";
}

/** What is known about migration before any test. v2 is preferred if both exist. */
function summarize(
  asked: MigrationFlags,
  regions: readonly Region[],
  { pci, isClear }: { pci: boolean; isClear: boolean },
): Migration {
  const features = "features" in asked ? asked.features : [];
  const v2 = features.includes("stop-copy");
  const unread = regions.filter((region) => mayHideMigration(region, { pci }));
  // An errno other than ENOTTY does not say whether there is migration.
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
