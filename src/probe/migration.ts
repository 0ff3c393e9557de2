import { SysError } from "../../ffi/errno.ts";
import {
  VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
  vfio_device_feature_mig_data_size,
  VFIO_DEVICE_FEATURE_MIGRATION,
  vfio_device_feature_migration,
  VFIO_MIGRATION_P2P,
  VFIO_MIGRATION_PRE_COPY,
  VFIO_MIGRATION_STOP_COPY,
} from "../../ffi/vfio_migration.ts";
import { type DeviceHandle, getFeature } from "../device/mod.ts";
import type { Check } from "../documents/mod.ts";

const FLAGS = [
  [VFIO_MIGRATION_STOP_COPY, "stop-copy"],
  [VFIO_MIGRATION_P2P, "p2p"],
  [VFIO_MIGRATION_PRE_COPY, "pre-copy"],
] as const;

/** The v2 flags by name, unknown ones as `flag-N`. Without flags, the check that explains why. */
export type MigrationFlags = { features: string[] } | { check: Check };

/** Source: `VFIO_DEVICE_FEATURE_MIGRATION`. ENOTTY means that the driver has no v2 migration. Effect: none. */
export function readMigrationFlags(device: DeviceHandle): MigrationFlags {
  try {
    const data = vfio_device_feature_migration.make();
    const { flags } = vfio_device_feature_migration.read(
      getFeature(device, VFIO_DEVICE_FEATURE_MIGRATION, data),
    );
    return { features: flagNames(flags) };
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return { check: { step: "VFIO_DEVICE_FEATURE_MIGRATION", errno: error.code } };
  }
}

function flagNames(flags: bigint): string[] {
  const known = FLAGS.filter(([bit]) => (flags & BigInt(bit)) !== 0n).map(([, name]) => name);
  const unknown: string[] = [];
  for (let bit = FLAGS.length; bit < 64; bit++) {
    if ((flags >> BigInt(bit)) & 1n) unknown.push(`flag-${bit}`);
  }
  return [...known, ...unknown];
}

/** The driver's estimate of the STOP_COPY data in bytes, or null with the errno. Effect: none. */
export function readStopCopyBytes(device: DeviceHandle): { bytes: number | null; checks: Check[] } {
  try {
    const data = vfio_device_feature_mig_data_size.make();
    const answer = getFeature(device, VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, data);
    const { stop_copy_length } = vfio_device_feature_mig_data_size.read(answer);
    return { bytes: Number(stop_copy_length), checks: [] };
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return {
      bytes: null,
      checks: [{ step: "VFIO_DEVICE_FEATURE_MIG_DATA_SIZE", errno: error.code }],
    };
  }
}
