import { SysError } from "../../ffi/errno.ts";
import { VFIO_DEVICE_RESET } from "../../ffi/vfio.ts";
import {
  VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
  vfio_device_feature_mig_state,
} from "../../ffi/vfio_migration.ts";
import { MIGRATION_STATES, type MigrationState, type Problem } from "../identity/mod.ts";
import { getFeature, setFeatureAndRead } from "./feature.ts";
import type { DeviceHandle } from "./handle.ts";
import { readV1State, type V1Region } from "./v1_region.ts";

/**
 * The migration state of a device with v2, null where the driver tells none.
 *
 * Source: `VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE`. Effect: none.
 */
export function readState(device: DeviceHandle): MigrationState | null {
  try {
    const data = vfio_device_feature_mig_state.make({ data_fd: -1 });
    const answer = getFeature(device, VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, data);
    return MIGRATION_STATES[vfio_device_feature_mig_state.read(answer).device_state] ?? "error";
  } catch (error) {
    if (error instanceof SysError) return null;
    throw error;
  }
}

/**
 * Sets the migration state of a device with v2. Gives the data descriptor that the new state comes with, or
 * null; it is the caller's to close. Throws {@link SysError}.
 *
 * Effect: changes state. The kernel walks over the states between.
 */
export function setState(device: DeviceHandle, state: MigrationState): number | null {
  const device_state = MIGRATION_STATES.indexOf(state);
  const data = vfio_device_feature_mig_state.make({ device_state, data_fd: -1 });
  const answer = setFeatureAndRead(device, VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, data);
  const { data_fd } = vfio_device_feature_mig_state.read(answer);
  return data_fd < 0 ? null : data_fd;
}

/** Whether a device is in RUNNING, as far as it tells; one without migration is. */
function stateOf(device: DeviceHandle, v1: V1Region | null): string | null {
  return v1 === null ? readState(device) : readV1State(device, v1);
}

/** What came of bringing a device to RUNNING: the state that it is in, and what is to be said of it. */
export interface BroughtBack {
  state: string | null;
  /** `needs-reset` where it could not be brought back: nobody should be offered it. */
  problems: Problem[];
}

/**
 * Brings a device to RUNNING by VFIO_DEVICE_RESET, unless it is there. A state is never set for that: some
 * drivers keep the state of whoever had the device before, and setting one from there oopses the kernel.
 *
 * Effect: none on a device in RUNNING, else resets it.
 */
export function bringToRunning(device: DeviceHandle, id: string, v1: V1Region | null): BroughtBack {
  const found = stateOf(device, v1);
  if (found === null || found === "running") return { state: found, problems: [] };
  const was = `${id} was found in state ${found.toUpperCase()}`;
  const refused = reset(device);
  const state = stateOf(device, v1);
  if (refused === null && state === "running") {
    const sentence = `${was} and was reset to RUNNING`;
    return { state, problems: [{ code: "was-reset", subject: id, sentence, remedy: null }] };
  }
  const why = refused === null
    ? `is in ${state?.toUpperCase()} after VFIO_DEVICE_RESET`
    : `the kernel answered ${refused} to VFIO_DEVICE_RESET`;
  return {
    state,
    problems: [{
      code: "needs-reset",
      subject: id,
      sentence: `${was}, and ${why}`,
      remedy: "Remove the device and make it again, or reload its driver.",
    }],
  };
}

/** Resets a device; gives the errno that the kernel refused it with, or null. Effect: resets. */
function reset({ sys, fd }: DeviceHandle): string | null {
  try {
    sys.ioctl(fd, VFIO_DEVICE_RESET);
    return null;
  } catch (error) {
    if (error instanceof SysError) return error.code;
    throw error;
  }
}
