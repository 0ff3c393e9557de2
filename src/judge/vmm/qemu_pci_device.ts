export const PCI_CONFIG_SPACE_SIZE = 256;
export const PCIE_CONFIG_SPACE_SIZE = 4096;

/** A vfio-pci device in QEMU: its configuration space, and masks of what a migration may change. */
export interface QemuPciDevice {
  config: Uint8Array;
  /** Bits that must be equal in an incoming migration, except those in the other two masks. */
  cmask: Uint8Array;
  /** Bits that the guest can write. */
  wmask: Uint8Array;
  /** Bits that the guest clears by writing 1. */
  w1cmask: Uint8Array;
  /** The bytes that a capability covers: 0xff. */
  used: Uint8Array;
  /** Why QEMU does not start with the device. Null if it does. */
  problem: string | null;
}

/** A capability in the list at 0x34: its offset, and its size up to the next one. */
export interface Capability {
  id: number;
  at: number;
  size: number;
}

const PCI_CAPABILITY_LIST = 0x34;
const PCI_CAP_LIST_NEXT = 1;

/**
 * Puts a capability at the head of the list. All of it is compared, and none of it is writable.
 *
 * Source: QEMU, hw/pci/pci.c `pci_add_capability`.
 */
export function addCapability(device: QemuPciDevice, { id, at, size }: Capability): void {
  const { config, cmask, wmask, used } = device;
  if (used.subarray(at, at + size).includes(0xff)) {
    device.problem ??= `its capability ${hex(id)} at ${hex(at)} overlaps another one`;
    return;
  }
  config[at] = id;
  config[at + PCI_CAP_LIST_NEXT] = config[PCI_CAPABILITY_LIST]!;
  config[PCI_CAPABILITY_LIST] = at;
  used.fill(0xff, at, at + Math.ceil(size / 4) * 4);
  wmask.fill(0, at, at + size);
  cmask.fill(0xff, at, at + size);
}

export function getWord(bytes: Uint8Array, at: number): number {
  return bytes[at]! | bytes[at + 1]! << 8;
}

export function getLong(bytes: Uint8Array, at: number): number {
  return (getWord(bytes, at) | getWord(bytes, at + 2) << 16) >>> 0;
}

export function setWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value & 0xff;
  bytes[at + 1] = value >>> 8 & 0xff;
}

export function setLong(bytes: Uint8Array, at: number, value: number): void {
  setWord(bytes, at, value & 0xffff);
  setWord(bytes, at + 2, value >>> 16);
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
