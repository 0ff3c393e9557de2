import type { Diagnoses } from "../judge/doctor/mod.ts";
import { compareText } from "../documents/mod.ts";
import { THIS_HOST } from "../host/mod.ts";
import { examine } from "./examine.ts";
import type { Observed } from "./observe.ts";
import type { World } from "./world.ts";

/**
 * Diagnoses this host, its VFIO devices, and its virtual functions without their VFIO driver (`unbound`).
 *
 * Source: as {@link examine}. Effect: none on devices; may run QEMU and libvirt once for their versions.
 */
export async function diagnose(
  world: World,
  observed: Observed,
  { mayAsk }: { mayAsk: boolean },
): Promise<Diagnoses & { unbound: string[] }> {
  // Loaded on demand, because a static import would slow down every start.
  const { diagnoseDevice, diagnoseFunction, diagnoseHost, diagnoseUnreadable } = await import(
    "../judge/doctor/mod.ts"
  );
  // The software on this machine does not describe a mounted or simulated host.
  const software = world.roots.sys === THIS_HOST.sys ? await world.readSoftware() : null;
  const examined = examine(world, observed, { mayAsk, software });
  const devices = [
    ...examined.devices.map(diagnoseDevice),
    ...examined.functions.map(diagnoseFunction),
    ...examined.unreadable.map(diagnoseUnreadable),
  ].sort((a, b) => compareText(a.id, b.id));
  const ids = new Set(devices.map(({ id }) => id));
  // The problems of devices are findings.
  const others = observed.snapshot.problems.filter(({ subject }) => !ids.has(subject));
  return {
    devices,
    findings: diagnoseHost(examined.host),
    problems: [...others, ...examined.problems],
    unbound: examined.functions.map(({ id }) => id),
  };
}
