import { SysError } from "../../ffi/errno.ts";
import { VFIO_DEVICE_RESET } from "../../ffi/vfio.ts";
import {
  VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
  vfio_device_feature_mig_state,
} from "../../ffi/vfio_migration.ts";
import { MIGRATION_STATES, type MigrationState, type Problem } from "../documents/mod.ts";
import { getFeature, setFeatureAndRead } from "./feature.ts";
import type { DeviceHandle } from "./handle.ts";
import { ShortTransfer } from "./short_transfer.ts";
import { readV1State, type V1Region } from "./v1_region.ts";

/**
 * The migration state of a device with v2.
 *
 * Source: `VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE`. Effect: none. Throws {@link SysError}.
 */
export function readState(device: DeviceHandle): MigrationState {
  const data = vfio_device_feature_mig_state.make({ data_fd: -1 });
  const answer = getFeature(device, VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, data);
  return MIGRATION_STATES[vfio_device_feature_mig_state.read(answer).device_state] ?? "error";
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

/** What came of bringing a device to RUNNING: the state that it is in, and what is to be said of it. */
export interface BroughtBack {
  /** Null where it could not be read. */
  state: string | null;
  /** `needs-reset` where it is not known to be in RUNNING: nobody should be offered it. */
  problems: Problem[];
}

/**
 * Brings a device to RUNNING by VFIO_DEVICE_RESET, unless it says that it is there: one whose state cannot be read is
 * reset too. A state is never set for that: some drivers keep the state of whoever had the device before, and setting
 * one from there oopses the kernel.
 *
 * Effect: none on a device in RUNNING, else resets it.
 */
export function bringToRunning(device: DeviceHandle, id: string, v1: V1Region | null): BroughtBack {
  const found = look(device, v1);
  if (found.state === "running") return { state: found.state, problems: [] };
  const was = found.state === null
    ? `the state of ${id} could not be read (${found.why})`
    : `${id} was found in state ${found.state.toUpperCase()}`;
  const { state, why } = resetToRunning(device, v1);
  if (why !== null) return { state, problems: [needsReset(id, `${was}, and ${why}`)] };
  const sentence = `${was} and was reset to RUNNING`;
  return { state, problems: [{ code: "was-reset", subject: id, sentence, remedy: null }] };
}

/**
 * Leaves a device that was worked on: always by VFIO_DEVICE_RESET, whatever state it says that it is in. A driver
 * without a reset is left alone where nothing was written to it and it is in RUNNING.
 *
 * Effect: resets.
 */
export function leaveByReset(
  device: DeviceHandle,
  { id, v1, wrote }: { id: string; v1: V1Region | null; wrote: boolean },
): BroughtBack {
  const { state, why } = resetToRunning(device, v1);
  if (why === null || (!wrote && state === "running")) return { state, problems: [] };
  return { state, problems: [needsReset(id, `${id} was worked on, and ${why}`)] };
}

function needsReset(id: string, sentence: string): Problem {
  const remedy = "Remove the device and make it again, or reload its driver.";
  return { code: "needs-reset", subject: id, sentence, remedy };
}

/** How often a reset is tried: what does not last, as EAGAIN of a function whose lock is taken, is not the device's. */
const RESETS = 2;

/** Resets a device until it says that it is in RUNNING; `why` it is not known to be, null where it is. */
function resetToRunning(
  device: DeviceHandle,
  v1: V1Region | null,
): { state: string | null; why: string | null } {
  let state: string | null = null;
  let why: string | null = null;
  for (let turn = 0; turn < RESETS; turn++) {
    const refused = attempt(() => void device.sys.ioctl(device.fd, VFIO_DEVICE_RESET));
    const found = look(device, v1);
    state = found.state;
    if (refused !== null) why = `the kernel answered ${refused} to VFIO_DEVICE_RESET`;
    else if (state === "running") return { state, why: null };
    else if (state === null) {
      why = `its state cannot be read after VFIO_DEVICE_RESET (${found.why})`;
    } else why = `it is in ${state.toUpperCase()} after VFIO_DEVICE_RESET`;
  }
  return { state, why };
}

/** The state that a device says it is in, or why that cannot be read. */
function look(
  device: DeviceHandle,
  v1: V1Region | null,
): { state: string | null; why: string | null } {
  let state: string | null = null;
  const why = attempt(() => {
    state = v1 === null ? readState(device) : readV1State(device, v1);
  });
  return { state, why };
}

/** Makes calls; gives the errno, or what was short, where they did not come to an answer. */
function attempt(run: () => void): string | null {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof SysError) return error.code;
    if (error instanceof ShortTransfer) return error.message;
    throw error;
  }
}
