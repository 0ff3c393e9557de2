import type { PciHeader, SimulatedBar, SimulatedCapability } from "../scenario.ts";

/** Bytes in a KiB, a MiB, a GiB. */
export const KIB = 2 ** 10;
export const MIB = 2 ** 20;
export const GIB = 2 ** 30;

/** A header from `vendor:device` and the subsystem's `vendor:device`, as `lspci -nn` prints them. */
export function pciHeader(
  ids: string,
  subsystem: string,
  rest: Pick<PciHeader, "class" | "bars"> & Partial<PciHeader>,
): PciHeader {
  const [vendor, device] = parseIds(ids);
  const [subsystemVendor, subsystemDevice] = parseIds(subsystem);
  return {
    vendor,
    device,
    subsystemVendor,
    subsystemDevice,
    revision: 0,
    configBytes: 4096,
    capabilities: [],
    extendedCapabilities: [],
    ...rest,
  };
}

function parseIds(text: string): [number, number] {
  return text.split(":").map((part) => parseInt(part, 16)) as [number, number];
}

/** A BAR that a process may map as a whole. */
export function bar(
  index: number,
  kind: SimulatedBar["kind"],
  size: number,
  rest: Partial<SimulatedBar> = {},
): SimulatedBar {
  return { index, kind, size, prefetchable: kind === "mem64", address: 0, mmap: "whole", ...rest };
}

/** `PCI_CAP_ID_PM`, version 3. */
export function powerManagement(offset: number): SimulatedCapability {
  return { id: 0x01, offset, body: "034808000000" };
}

/** `PCI_CAP_ID_MSI`: 64-bit addresses, one vector. */
export function msi(offset: number): SimulatedCapability {
  return { id: 0x05, offset, body: "80000000000000000000" };
}

/** `PCI_CAP_ID_MSIX`: the number of vectors, and the BAR that holds the table. */
export function msix(offset: number, vectors: number, tableBar: number): SimulatedCapability {
  const body = new DataView(new ArrayBuffer(10));
  body.setUint16(0, vectors - 1, true);
  body.setUint32(2, 0x2000 + tableBar, true);
  body.setUint32(6, 0x3000 + tableBar, true);
  return { id: 0x11, offset, body: new Uint8Array(body.buffer).toHex() };
}

/** `PCI_CAP_ID_EXP`, version 2: an endpoint with function level reset. */
export function pciExpress(offset: number): SimulatedCapability {
  return { id: 0x10, offset, body: "0200e28f0010102900000340400011100000000000" };
}

/** `PCI_CAP_ID_VNDR` of the given length, filled with zeros. */
export function vendorSpecific(offset: number, length: number): SimulatedCapability {
  const body = new Uint8Array(length - 2);
  body[0] = length;
  return { id: 0x09, offset, body: body.toHex() };
}

/** The number of vectors in a header's MSI-X capability, or 0 without one. */
export function msixVectors({ capabilities }: PciHeader): number {
  const body = capabilities.find(({ id }) => id === 0x11)?.body;
  if (body === undefined) return 0;
  return new DataView(Uint8Array.fromHex(body).buffer).getUint16(0, true) + 1;
}
