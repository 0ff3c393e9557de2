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
 * Sets the migration state of a device with v2. Returns the data descriptor of the new state, or null. The caller
 * closes it. Throws {@link SysError}.
 *
 * Effect: changes state. The kernel passes through the states in between.
 */
export function setState(device: DeviceHandle, state: MigrationState): number | null {
  const device_state = MIGRATION_STATES.indexOf(state);
  const data = vfio_device_feature_mig_state.make({ device_state, data_fd: -1 });
  const answer = setFeatureAndRead(device, VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, data);
  const { data_fd } = vfio_device_feature_mig_state.read(answer);
  return data_fd < 0 ? null : data_fd;
}

/** The result of bringing a device to RUNNING: its state, and what to report. */
export interface BroughtBack {
  /** Null if it could not be read. */
  state: string | null;
  /** `needs-reset` if the device is not known to be in RUNNING. It must not be offered then. */
  problems: Problem[];
}

/** The same, and the state before; null if it could not be read. */
export interface FoundState extends BroughtBack {
  was: string | null;
}

/**
 * Brings a device to RUNNING by VFIO_DEVICE_RESET, unless it already reports RUNNING. A device with an unreadable state
 * is reset too. The state is never set for this purpose: some drivers keep the state of the previous user, and setting
 * a state from there oopses the kernel.
 *
 * Effect: none on a device in RUNNING, otherwise resets it.
 */
export function bringToRunning(device: DeviceHandle, id: string, v1: V1Region | null): FoundState {
  const found = look(device, v1);
  if (found.state === "running") return { state: found.state, was: found.state, problems: [] };
  const told = found.state === null
    ? `the state of ${id} could not be read (${found.why})`
    : `${id} was in state ${found.state.toUpperCase()}`;
  const { state, why } = resetToRunning(device, v1);
  if (why !== null) {
    return { state, problems: [needsReset(id, `${told}, and ${why}`)], was: found.state };
  }
  const sentence = `${told} and was reset to RUNNING`;
  return {
    state,
    was: found.state,
    problems: [{ code: "was-reset", subject: id, sentence, remedy: null }],
  };
}

/**
 * Resets a device after work on it, in any state. A driver without a reset is left alone if nothing was
 * written to the device and it is in RUNNING.
 *
 * Effect: resets.
 */
export function leaveByReset(
  device: DeviceHandle,
  { id, v1, wrote }: { id: string; v1: V1Region | null; wrote: boolean },
): BroughtBack {
  const { state, why } = resetToRunning(device, v1);
  if (why === null || (!wrote && state === "running")) return { state, problems: [] };
  return { state, problems: [needsReset(id, `vfio-ask used ${id}, and ${why}`)] };
}

function needsReset(id: string, sentence: string): Problem {
  const remedy = "Remove the device and create it again, or reload its driver.";
  return { code: "needs-reset", subject: id, sentence, remedy };
}

/**
 * Number of attempts: a temporary error, such as EAGAIN while the function's lock is held, is not the device's fault.
 */
const RESETS = 2;

/** Resets a device until it reports RUNNING. `why` says why it is not known to be in RUNNING, and is null if it is. */
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

/** The state that a device reports, or why it cannot be read. */
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

/** Makes calls. Returns the errno or the short transfer if they failed. */
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
