import { type Device, isMigratable } from "../documents/mod.ts";
import { deviceKey } from "../state/mod.ts";

/** The devices that processes have let go of, and that may not be in RUNNING. */
export interface Released {
  /**
   * Notes which devices are in use, and which came free. Returns the devices; `state` is null for those that came free
   * and whose state nobody has read since.
   */
  follow(devices: readonly Device[], nowMs: number): Device[];
  /** The devices that came free, or are not in RUNNING, so long ago that they may be opened; and when the next may. */
  due(when: { settleMs: number; nowMs: number }): { ids: Set<string>; nextMs: number | null };
  /** Forgets a device that has been asked. */
  forget(id: string): void;
}

/** The name of this program's processes. A device that one of them held is in no other state than before. */
const OWN_NAME = "vfio-ask";

/**
 * Makes a {@link Released} that knows nothing yet. A use that begins and ends between two looks is not seen.
 *
 * PCI functions are left out: opening one resets it, so its user never meets an earlier state.
 */
export function makeReleased(): Released {
  /** By name: the binding, and since when it is free; null while it is in use. */
  const seen = new Map<string, { key: string; freeMs: number | null }>();
  const followOne = (device: Device, nowMs: number): Device => {
    const { id, use, state } = device;
    if (device.kind === "pci" || !isMigratable(device.migration)) return device;
    const known = seen.get(id);
    if (use.state === "in-use" && use.holder?.name !== OWN_NAME) {
      if (known?.freeMs !== null) seen.set(id, { key: deviceKey(device), freeMs: null });
      return device;
    }
    if (use.state !== "idle") return device;
    if (state != null && state !== "running") {
      const freeMs = known?.freeMs ?? nowMs;
      seen.set(id, { key: deviceKey(device), freeMs });
      return device;
    }
    if (known === undefined) return device;
    if (state !== undefined || known.key !== deviceKey(device)) {
      seen.delete(id);
      return device;
    }
    known.freeMs ??= nowMs;
    return { ...device, state: null };
  };
  return {
    follow(devices, nowMs) {
      if (seen.size > 0) {
        const ids = new Set(devices.map(({ id }) => id));
        for (const id of seen.keys()) if (!ids.has(id)) seen.delete(id);
      }
      return devices.map((device) => followOne(device, nowMs));
    },
    due({ settleMs, nowMs }) {
      const ids = new Set<string>();
      let nextMs: number | null = null;
      for (const [id, { freeMs }] of seen) {
        if (freeMs === null) continue;
        // Never more than settleMs: the clock may have been set back.
        const leftMs = Math.min(settleMs, freeMs + settleMs - nowMs);
        if (leftMs <= 0) ids.add(id);
        else nextMs = Math.min(nextMs ?? Infinity, leftMs);
      }
      return { ids, nextMs };
    },
    forget: (id) => void seen.delete(id),
  };
}
