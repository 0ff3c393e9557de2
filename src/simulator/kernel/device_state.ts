import { MIGRATION_STATES } from "../../documents/mod.ts";
import type { DeviceState, Kernel } from "./kernel.ts";
import { closeMigration } from "./migration_v2.ts";

/** The states of v1 by what `device_state` holds, named as those of v2. */
const V1_STATES = ["stop", "running", "stop-copy", "pre-copy", "resuming", "5", "error", "7"];

/** A device of this kernel by its name in sysfs. Throws where there is none: no test looks for another. */
export function deviceNamed({ devices }: Kernel, id: string): DeviceState {
  const device = devices.values().find((candidate) => candidate.id === id);
  if (device === undefined) throw new Error(`no device ${id} is simulated`);
  return device;
}

/** The state that a device is in, whoever asks; null where it has no migration. */
export function stateName({ vfio: { migration }, state, v1 }: DeviceState): string | null {
  if (migration === null) return null;
  return (migration.uapi === "v1" ? V1_STATES[v1.state] : MIGRATION_STATES[state]) ?? null;
}

/** Puts a device in a state, as a program that was killed leaves it: its streams ended with its descriptors. */
export function leaveInState(device: DeviceState, state: string): void {
  const isV1 = device.vfio.migration?.uapi === "v1";
  const number = (isV1 ? V1_STATES : MIGRATION_STATES as readonly string[]).indexOf(state);
  if (number < 0) throw new Error(`no state is named ${state}`);
  closeMigration(device);
  if (isV1) device.v1.state = number;
  else device.state = number;
}
