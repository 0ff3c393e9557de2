import type { Bytes } from "../../ffi/syscalls.ts";
import type { PciHeader, SimulatedBar, SimulatedCapability } from "./scenario.ts";

/** Offsets in a type 0 header. Source: `<linux/pci_regs.h>`. */
const PCI_COMMAND = 0x04;
const PCI_STATUS = 0x06;
const PCI_STATUS_CAP_LIST = 0x10;
const PCI_CLASS_REVISION = 0x08;
const PCI_BASE_ADDRESS_0 = 0x10;
const PCI_SUBSYSTEM_VENDOR_ID = 0x2c;
const PCI_CAPABILITY_LIST = 0x34;
const PCI_INTERRUPT_LINE = 0x3c;
const PCI_INTERRUPT_PIN = 0x3d;

/** The low bits of a base address register, by what it decodes. */
const BAR_FLAGS = { io: 0x1, mem32: 0x0, mem64: 0x4 } as const;
const PCI_BASE_ADDRESS_MEM_PREFETCH = 0x8;

/** A function's configuration space, as a guest reads it. */
export function configSpace(header: PciHeader): Bytes {
  const bytes = new Uint8Array(header.configBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, header.vendor, true);
  view.setUint16(2, header.device, true);
  view.setUint16(PCI_COMMAND, 0x0002, true);
  view.setUint32(PCI_CLASS_REVISION, header.class * 0x100 + header.revision, true);
  view.setUint16(PCI_SUBSYSTEM_VENDOR_ID, header.subsystemVendor, true);
  view.setUint16(PCI_SUBSYSTEM_VENDOR_ID + 2, header.subsystemDevice, true);
  view.setUint8(PCI_INTERRUPT_PIN, 1);
  for (const bar of header.bars) writeBar(view, bar);
  if (header.capabilities.length > 0) view.setUint8(PCI_STATUS, PCI_STATUS_CAP_LIST);
  writeChain(view, header.capabilities);
  writeExtendedChain(view, header.extendedCapabilities);
  return bytes;
}

/**
 * What sysfs `config` shows for a virtual function. Hardware leaves its vendor, device and base address registers
 * empty; the kernel and VFIO fill them in elsewhere.
 */
export function virtualFunctionConfig(header: PciHeader): Bytes {
  const bytes = configSpace(header);
  bytes.fill(0xff, 0, 4);
  bytes.fill(0, PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_0 + 24);
  return bytes;
}

/**
 * The configuration bits that a guest can write: command, interrupt line, and in a BAR those above its size, by which a
 * guest sizes it.
 */
export function writableBits(header: PciHeader): Bytes {
  const bits = new Uint8Array(header.configBytes);
  const view = new DataView(bits.buffer);
  view.setUint16(PCI_COMMAND, 0xffff, true);
  view.setUint8(PCI_INTERRUPT_LINE, 0xff);
  for (const { index, size, kind } of header.bars) {
    const mask = BigInt.asUintN(64, -BigInt(size));
    const low = mask & (kind === "io" ? 0xffff_fffcn : 0xffff_fff0n);
    view.setUint32(PCI_BASE_ADDRESS_0 + 4 * index, Number(low), true);
    if (kind !== "mem64") continue;
    view.setUint32(PCI_BASE_ADDRESS_0 + 4 * index + 4, Number(mask >> 32n), true);
  }
  return bits;
}

function writeBar(view: DataView, bar: SimulatedBar): void {
  const offset = PCI_BASE_ADDRESS_0 + 4 * bar.index;
  const flags = BAR_FLAGS[bar.kind] | (bar.prefetchable ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0);
  view.setUint32(offset, bar.address % 2 ** 32 + flags, true);
  if (bar.kind === "mem64") view.setUint32(offset + 4, Math.floor(bar.address / 2 ** 32), true);
}

function writeChain(view: DataView, capabilities: readonly SimulatedCapability[]): void {
  let pointer = PCI_CAPABILITY_LIST;
  for (const { id, offset, body } of capabilities) {
    view.setUint8(pointer, offset);
    view.setUint8(offset, id);
    Uint8Array.fromHex(body).forEach((byte, i) => view.setUint8(offset + 2 + i, byte));
    pointer = offset + 1;
  }
}

/** An extended header is one word: id, version 1, and the offset of the next one in the upper twelve bits. */
function writeExtendedChain(view: DataView, capabilities: PciHeader["extendedCapabilities"]): void {
  capabilities.forEach(([id, offset], i) => {
    const [, next] = capabilities[i + 1] ?? [0, 0];
    view.setUint32(offset, next * 2 ** 20 + 0x10000 + id, true);
  });
}
