import type { Identity } from "../documents/mod.ts";
import type { DomainHostdev } from "../vms/mod.ts";

/** A device of the machine: its identity on the source's host, and what the incoming XML names here. */
export interface Arrival {
  source: Identity;
  hostdev: DomainHostdev;
}

/**
 * Which source each device of the incoming XML is. Without `--xml`, the XML names the source's devices. With it, the XML
 * names devices of this host, in the same order: libvirt refuses an XML whose devices are not the source's in order.
 * Gives a sentence if that does not match. Pure.
 */
export function pairDevices(
  sources: readonly Identity[],
  hostdevs: readonly DomainHostdev[],
): Arrival[] | string {
  if (sources.length !== hostdevs.length) {
    return `the XML has ${hostdevs.length} VFIO devices, but the identity in it has ${sources.length}`;
  }
  const named = hostdevs.map(({ id }) => sources.find((source) => source.id === id));
  const missing = named.filter((source) => source === undefined).length;
  if (missing === 0) {
    return hostdevs.map((hostdev, index) => ({ source: named[index]!, hostdev }));
  }
  const left = sources.filter((source) => !named.includes(source));
  if (missing > 1 && missing < sources.length) {
    return "the XML names only some of the devices in the identity";
  }
  return hostdevs.map((hostdev, index) => ({ source: named[index] ?? left.shift()!, hostdev }));
}
