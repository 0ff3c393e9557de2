import { MIGRATION_STATES } from "../../documents/mod.ts";
import type { DeviceState, Kernel } from "./kernel.ts";
import { closeMigration } from "./migration_v2.ts";

/** The v1 states by `device_state` value, with v2 names. */
const V1_STATES = ["stop", "running", "stop-copy", "pre-copy", "resuming", "5", "error", "7"];

/** A device of this kernel by its sysfs name. Throws if there is none, which is a mistake in the test. */
export function deviceNamed({ devices }: Kernel, id: string): DeviceState {
  const device = devices.values().find((candidate) => candidate.id === id);
  if (device === undefined) throw new Error(`no device ${id} is simulated`);
  return device;
}

/** The state that a device is in. Null without migration. */
export function stateName({ vfio: { migration }, state, v1 }: DeviceState): string | null {
  if (migration === null) return null;
  return (migration.uapi === "v1" ? V1_STATES[v1.state] : MIGRATION_STATES[state]) ?? null;
}

/** Puts a device in a state, as after a killed program: its streams ended with its descriptors. */
export function leaveInState(device: DeviceState, state: string): void {
  const isV1 = device.vfio.migration?.uapi === "v1";
  const number = (isV1 ? V1_STATES : MIGRATION_STATES as readonly string[]).indexOf(state);
  if (number < 0) throw new Error(`no state is named ${state}`);
  closeMigration(device);
  if (isV1) device.v1.state = number;
  else device.state = number;
}
