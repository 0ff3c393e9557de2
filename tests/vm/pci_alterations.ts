/** A device's configuration space, and alterations of it for the target. */

/** What a device shows: bytes of the configuration space by offset, its size, and the sizes of its BARs. */
export interface Shown {
  bytes: Readonly<Record<number, string>>;
  size: number;
  bars: readonly number[];
}

/** The header of an extended capability: its ID, its version, and the offset of the next one. */
function extended(id: number, version: number, next: number): string {
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, next * 2 ** 20 + version * 2 ** 16 + id, true);
  return header.toHex();
}

/** An endpoint with six capabilities and seven extended capabilities. */
export const ORIGINAL: Shown = {
  bytes: {
    0x00: "34127856 00001000 01000002",
    0x10: "0c000000 00000000 00000000 00000000 01000000",
    0x2c: "34120100",
    0x34: "40",
    0x40: "0150 0300 0800", // power management
    0x50: "0570 8401", // MSI: four vectors, 64 bits, masks
    0x70: "10b0 0200 00800010 1028 0000 111c0000 0000 1110", // PCI Express
    0x94: "10080100 0000 0000 06000000",
    0xb0: "11c0 0700 02000000 02080000", // MSI-X: eight vectors in BAR 2
    0xc0: "09e0 14 61736b706369", // vendor-specific
    0xe0: "0300 0080 11223344", // vital product data
    0x100: extended(0x01, 2, 0x148), // advanced error reporting
    0x148: extended(0x03, 1, 0x160) + "1122334455667788", // device serial number
    0x160: extended(0x0e, 1, 0x170), // alternative routing id
    0x170: extended(0x10, 1, 0x1b0) + "0200000000000000", // SR-IOV
    0x1b0: extended(0x0b, 1, 0x1d0) + "4d000102 a1a2a3a4", // vendor-specific
    0x1d0: extended(0x15, 1, 0x1e8) + "f0010000 20000000", // resizable BAR
    0x1e8: extended(0x0d, 1, 0), // access control
  },
  size: 4096,
  bars: [0x4000, 0, 0x1000, 0, 32, 0],
};

/** An alteration of the target: bytes at offsets, another size, or other BARs. */
export interface Alteration {
  name: string;
  bytes?: Readonly<Record<number, string>>;
  size?: number;
  bars?: readonly number[];
  /** Whether it is also in the sample. */
  sample?: true;
}

const at = (place: number, bytes: string, name: string): Alteration => ({
  name,
  bytes: { [place]: bytes },
});
const sample = (alteration: Alteration): Alteration => ({ ...alteration, sample: true });

/** Alterations of a PCI Express device below a port, with a machine type of QEMU 10.0. */
export const ON_PORT: readonly Alteration[] = [
  sample({ name: "nothing" }),
  at(0x00, "3512", "vendor"),
  at(0x02, "7956", "device"),
  at(0x04, "0400", "command"),
  at(0x07, "29", "errors in status"),
  at(0x06, "00", "status without capabilities"),
  at(0x08, "02", "revision"),
  at(0x09, "01", "programming interface"),
  at(0x0a, "01", "subclass"),
  at(0x0b, "03", "base class"),
  at(0x0c, "10", "cache line size"),
  at(0x0d, "40", "latency timer"),
  at(0x0e, "80", "multi-function bit"),
  at(0x0e, "02", "header type"),
  at(0x0f, "80", "BIST"),
  at(0x10, "04", "BAR 0 not prefetchable"),
  at(0x20, "00", "BAR 4 of memory, not I/O"),
  at(0x12, "c0fe", "address of BAR 0"),
  sample({ name: "BAR 0 twice as large", bars: [0x8000, 0, 0x1000, 0, 32, 0] }),
  { name: "BAR 0 half as large", bars: [0x2000, 0, 0x1000, 0, 32, 0] },
  { name: "no BAR 4", bars: [0x4000, 0, 0x1000, 0, 0, 0] },
  { name: "one more BAR of memory", bars: [0x4000, 0, 0x1000, 0x1000, 32, 0] },
  at(0x28, "11223344", "CardBus CIS"),
  at(0x2c, "3512", "subsystem vendor"),
  sample(at(0x2e, "0200", "subsystem device")),
  at(0x30, "01", "ROM enabled"),
  at(0x34, "50", "power management out of the list"),
  at(0x35, "ff", "reserved byte of the header"),
  at(0x3c, "0b", "interrupt line"),
  at(0x3d, "01", "interrupt pin"),
  at(0x3e, "ff", "minimum grant"),
  at(0x42, "02", "power management: version"),
  sample(at(0x44, "0b", "power management: state D3")),
  at(0x44, "00", "power management: no soft reset"),
  at(0x48, "ff", "power management: what follows it"),
  at(0x52, "86", "MSI: eight vectors"),
  at(0x52, "a5", "MSI: enabled, with four vectors"),
  at(0x53, "00", "MSI: no masks"),
  at(0x54, "04e0fe", "MSI: address"),
  at(0x54, "01", "MSI: low bits of the address"),
  at(0x5c, "3141", "MSI: data"),
  at(0x5e, "01", "MSI: reserved bytes after the data"),
  at(0x60, "0f", "MSI: masks of its vectors"),
  at(0x60, "10", "MSI: mask of a vector that it has not"),
  at(0x64, "01", "MSI: pending bits"),
  at(0x69, "ff", "MSI: what follows it"),
  at(0x72, "12", "PCI Express: legacy endpoint"),
  at(0x72, "92", "PCI Express: integrated endpoint"),
  at(0x72, "42", "PCI Express: root port"),
  at(0x72, "01", "PCI Express: version"),
  sample(at(0x75, "81", "PCI Express: DEVCAP")),
  at(0x78, "1f", "PCI Express: DEVCTL"),
  at(0x7a, "01", "PCI Express: DEVSTA"),
  at(0x7c, "12", "PCI Express: LNKCAP"),
  at(0x82, "12", "PCI Express: LNKSTA"),
  at(0x94, "11", "PCI Express: DEVCAP2"),
  at(0xae, "ff", "PCI Express: what follows it"),
  at(0xb2, "0f", "MSI-X: sixteen vectors"),
  at(0xb3, "80", "MSI-X: enabled"),
  at(0xb5, "04", "MSI-X: place of the table"),
  at(0xb9, "0c", "MSI-X: place of the pending bits"),
  at(0xb9, "f0", "MSI-X: pending bits outside of the BAR"),
  at(0xbd, "ff", "MSI-X: what follows it"),
  at(0xc2, "15", "vendor-specific: length"),
  sample(at(0xc4, "ff", "vendor-specific: contents")),
  at(0xe5, "ff", "vital product data"),
  at(0xe0, "12", "another capability in a place"),
  {
    name: "a capability in another place",
    bytes: { 0xc1: "e8", 0xe0: "00000000 00000000", 0xe8: "0300 0080 11223344" },
  },
  at(0x102, "81", "error reporting: version"),
  at(0x104, "10", "error reporting: status"),
  at(0x109, "20", "error reporting: mask"),
  sample(at(0x14c, "ff", "device serial number")),
  at(0x164, "ff", "alternative routing id"),
  at(0x17c, "07", "SR-IOV: its functions"),
  at(0x170, "0000", "SR-IOV hidden by the kernel"),
  at(0x1b8, "ff", "extended vendor-specific: contents"),
  at(0x1d4, "f003", "resizable BAR: sizes that it can have"),
  at(0x1d9, "01", "resizable BAR: size that it has"),
  at(0x1d9, "1f", "resizable BAR: a size that there is not"),
  at(0x1ec, "5f", "access control"),
  at(0x100, extended(0, 0, 0x148), "error reporting hidden by the kernel"),
  at(0x148, extended(0x03, 1, 0), "end of the list after the serial number"),
  at(0xfff, "ff", "last byte"),
  { name: "a space of 256 bytes", size: 256 },
  { name: "a space of 255 bytes", size: 255 },
];

/** Alterations whose result depends on the machine type or the bus, in other machines. */
export const ELSEWHERE: Readonly<Record<string, readonly Alteration[]>> = {
  "pc-q35-9.0": [
    at(0xc4, "ff", "vendor-specific: contents"),
    at(0x2e, "0200", "subsystem device"),
  ],
  "pc-i440fx-10.0": [
    at(0x14c, "ff", "device serial number"),
    at(0x1b8, "ff", "extended vendor-specific: contents"),
    at(0x7c, "12", "PCI Express: LNKCAP"),
    at(0xc4, "ff", "vendor-specific: contents"),
    { name: "a space of 256 bytes", size: 256 },
  ],
  "root-complex": [
    at(0x7c, "12", "PCI Express: LNKCAP"),
    at(0x9c, "07", "PCI Express: LNKCAP2"),
    at(0x75, "81", "PCI Express: DEVCAP"),
    at(0x72, "12", "PCI Express: legacy endpoint"),
    at(0x14c, "ff", "device serial number"),
  ],
};

/** Alterations of a device with migration v1, with a machine type of QEMU 7.2. */
export const OF_V1: readonly Alteration[] = [
  sample({ name: "nothing" }),
  at(0x04, "0400", "command"),
  sample(at(0x08, "02", "revision")),
  at(0x0b, "03", "base class"),
  at(0x2e, "0200", "subsystem device"),
  { name: "BAR 0 twice as large", bars: [0x8000, 0, 0x1000, 0, 32, 0] },
  at(0x44, "0b", "power management: state D3"),
  at(0x48, "ff", "power management: what follows it"),
  at(0x60, "0f", "MSI: masks of its vectors"),
  at(0x7c, "12", "PCI Express: LNKCAP"),
  at(0xb2, "0f", "MSI-X: sixteen vectors"),
  at(0xb3, "80", "MSI-X: enabled"),
  sample(at(0xc4, "ff", "vendor-specific: contents")),
  at(0x14c, "ff", "device serial number"),
  at(0x17c, "07", "SR-IOV: its functions"),
  at(0x1d9, "01", "resizable BAR: size that it has"),
  at(0x1d0, extended(0x0d, 1, 0x1e8), "another capability in place of the resizable BAR"),
  { name: "a space of 255 bytes", size: 255 },
];

/** The bytes of the original, overwritten by those of an alteration. */
export function alteredSpace({ bytes = {} }: Alteration): Uint8Array<ArrayBuffer> {
  const space = new Uint8Array(4096);
  for (const [place, hex] of [...Object.entries(ORIGINAL.bytes), ...Object.entries(bytes)]) {
    space.set(Uint8Array.fromHex(hex.replaceAll(" ", "")), Number(place));
  }
  return space;
}
