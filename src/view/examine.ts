import type { HostSoftware } from "../judge/vmm/mod.ts";
import type { Examination } from "./examine_devices.ts";
import type { Observed } from "./observe.ts";
import type { World } from "./world.ts";

export type { Examination } from "./examine_devices.ts";

/**
 * Gathers what a diagnosis needs beside what was observed, see `examineDevices`. Loaded only where it is wanted: every
 * start would pay for it.
 */
export async function examine(
  world: World,
  observed: Observed,
  options: { mayAsk: boolean; software: HostSoftware | null },
): Promise<Examination> {
  const { examineDevices } = await import("./examine_devices.ts");
  return examineDevices(world, observed, options);
}
