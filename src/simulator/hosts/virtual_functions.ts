import type { PciHeader, SimulatedDevice, SimulatedVfio } from "../scenario.ts";
import { pciFunction, vfioPci } from "./device_parts.ts";

/** A virtual function: its driver, and its VFIO number if it has one. */
export interface VirtualFunction {
  readonly id: string;
  readonly iommuGroup: number;
  readonly driver: string;
  readonly index: number | null;
  /** Differences from plain `vfio-pci`. */
  readonly vfio?: Partial<SimulatedVfio>;
}

/** A virtual function: behind the same bridge as its physical function, on the same node. */
export function virtualFunction(
  physfn: SimulatedDevice,
  { id, iommuGroup, driver, index, vfio = {} }: VirtualFunction,
  header: PciHeader,
): SimulatedDevice {
  const above = physfn.directory.slice(0, physfn.directory.lastIndexOf("/"));
  const place = { id, above, iommuGroup, numaNode: physfn.numaNode };
  return pciFunction(place, header, {
    driver,
    physfn: physfn.id,
    vfio: index === null ? null : vfioPci(index, header, vfio),
  });
}

/**
 * The address of a virtual function: its physical function's plus the first offset of the SR-IOV capability, with a
 * stride of 1.
 */
export function virtualFunctionAddress(physfn: string, firstOffset: number, index: number): string {
  const [domain, bus, rest] = physfn.split(":") as [string, string, string];
  const [slot, fn] = rest.split(".") as [string, string];
  const id = (parseInt(slot, 16) << 3) + Number(fn) + firstOffset + index;
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  return `${domain}:${hex(parseInt(bus, 16) + (id >> 8))}:${hex(id >> 3 & 0x1f)}.${id & 7}`;
}
