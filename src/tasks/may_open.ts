import type { Device } from "../documents/mod.ts";

/** When a new device may be opened. */
export interface Settling {
  /** How long a new device is left alone; 0 for a device that the operator named. */
  settleMs: number;
  nowMs: number;
}

/**
 * How long a device is still left alone, in milliseconds: the user who created it may be about to use it. `since` is
 * the time when its node appeared. 0 if the device has settled or its age is not known. Pure.
 */
export function leftAloneMs(since: number | null, { settleMs, nowMs }: Settling): number {
  // Never more than settleMs: the clock may have been set back since the node appeared.
  if (since === null || settleMs === 0) return 0;
  return Math.min(settleMs, Math.max(0, settleMs - (nowMs - since)));
}

/**
 * Whether a device may be opened now. The one rule for probes, tests, initial data and recovery. `yes`; `held` if a
 * process holds it, or may hold it; `no-node`; `new` if it is left alone for a while. Pure.
 */
export function mayOpen(
  { use, nodes, since }: Pick<Device, "use" | "nodes" | "since">,
  settling: Settling,
): "yes" | "held" | "no-node" | "new" {
  if (use.state !== "idle") return "held";
  if (nodes.cdev === null && nodes.group === null) return "no-node";
  return leftAloneMs(since, settling) > 0 ? "new" : "yes";
}

/** Why a new device was not opened, and what to do. Pure. */
export function leftAlone(
  { id, since }: Pick<Device, "id" | "since">,
  { settleMs }: Settling,
): { sentence: string; remedy: string } {
  const until = new Date((since ?? 0) + settleMs).toISOString();
  return {
    sentence: `${id} is new: left alone until ${until}`,
    remedy: "Wait until then, name the device to preflight, or use --settle 0.",
  };
}
