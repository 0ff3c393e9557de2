import type { Device } from "../documents/mod.ts";
import { classKey, classOfDevice, deviceKey, type Observations } from "../state/mod.ts";
import { leftAloneMs, mayOpen } from "../tasks/mod.ts";

/** Which devices are asked: one idle device of each class, every idle one, or none. */
export const PROBE_MODES = ["representative", "each", "never"] as const;
export type ProbeMode = (typeof PROBE_MODES)[number];

/** How devices are asked. */
export interface ProbeOptions {
  mode: ProbeMode;
  /** How long a new device is left alone. */
  settleMs: number;
}

export const PROBE_DEFAULTS: ProbeOptions = {
  mode: "representative",
  settleMs: 10_000,
};

/** Which devices are to be asked now, and how long until a new one has settled. */
export interface DueProbes {
  devices: string[];
  /** Devices that are left alone because they are new. */
  settling: string[];
  /** Until the first of those has settled, null where there are none. */
  nextMs: number | null;
}

/**
 * Which idle devices to ask: one of each class that nobody has spoken for in this load of its driver, or each that
 * has not spoken itself. Of several the longest there is taken, since a virtual machine is more likely to be
 * about to start on a new one. Pure.
 */
export function listDueProbes(
  devices: readonly Device[],
  observations: Observations,
  { mode, settleMs, nowMs, skip }: ProbeOptions & { nowMs: number; skip: ReadonlySet<string> },
): DueProbes {
  const due: DueProbes = { devices: [], settling: [], nextMs: null };
  if (mode === "never") return due;
  const spoken = new Set(Object.keys(observations.byClass));
  const oldestFirst = devices.toSorted((a, b) => (a.since ?? 0) - (b.since ?? 0));
  for (const device of oldestFirst) {
    const may = mayOpen(device, { settleMs, nowMs });
    if (may === "held" || may === "no-node" || skip.has(device.id)) continue;
    const key = classKey(classOfDevice(device));
    const itself = deviceKey(device) in observations.byDevice;
    // A representative that was bound anew may say something else now.
    const rebound = observations.byClass[key]?.device === device.id && !itself;
    if (mode === "each" ? itself : spoken.has(key) && !rebound) continue;
    if (may === "new") {
      due.settling.push(device.id);
      const leftMs = leftAloneMs(device.since, { settleMs, nowMs });
      due.nextMs = Math.min(due.nextMs ?? Infinity, leftMs);
      continue;
    }
    spoken.add(key);
    due.devices.push(device.id);
  }
  return due;
}
