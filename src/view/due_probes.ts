import type { Device } from "../documents/mod.ts";
import { classKey, classOfDevice, deviceKey, type Observations } from "../state/mod.ts";
import { leftAloneMs, mayOpen } from "../tasks/mod.ts";

/** Which devices are asked: one idle device of each class, every idle device, or none. */
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

/** Which devices to ask now, and when the first of the others can be asked. */
export interface DueProbes {
  devices: string[];
  /** Devices that are not asked yet because they are new. */
  settling: string[];
  /** Milliseconds until the first of them has settled, or can be asked again; null if there are none. */
  nextMs: number | null;
}

/**
 * Lists the idle devices to ask. Mode `representative`: one device of each class without an answer in this load of its
 * driver. Mode `each`: every device without an answer of its own. In both modes also the devices in `again`. The oldest
 * device of a class is asked, because a virtual machine is more likely to start soon on a new one. Pure.
 */
export function listDueProbes(
  devices: readonly Device[],
  observations: Observations,
  { mode, settleMs, nowMs, skip, again = new Set() }: ProbeOptions & {
    nowMs: number;
    skip: ReadonlySet<string>;
    /** Devices to ask although they, or others of their class, have answered. */
    again?: ReadonlySet<string>;
  },
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
    // A representative that was bound again may give another answer now.
    const rebound = observations.byClass[key]?.device === device.id && !itself;
    const isKnown = mode === "each" ? itself : spoken.has(key) && !rebound;
    if (isKnown && !again.has(device.id)) continue;
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
