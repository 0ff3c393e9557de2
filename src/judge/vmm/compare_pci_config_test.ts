/** QEMU's rule from its sources, bit by bit. tests/vm/pci_cases.ts compares the model with QEMU itself. */
import { assert, assertEquals } from "@std/assert";
import { compareAsQemu } from "./compare_pci_config.ts";
import { openAsQemu, type PciSource } from "./open_as_qemu.ts";
import { possibleSettings, type QemuPair } from "./qemu_setting.ts";

const BARS = [{ index: 0, size: 0x4000, kind: "mem64", prefetchable: true }] as const;
const NEW: QemuPair = {
  source: "10.0.13",
  target: "10.0.13",
  machineType: "pc-q35-10.0",
  bus: "port",
};
const OLD: QemuPair = { source: "7.2.0", target: "7.2.0", machineType: "pc-q35-7.2", bus: "port" };

/**
 * Capabilities by offset: power management, MSI with masks, PCI Express, MSI-X, vendor-specific; and five extended
 * ones.
 */
const PLACES: Readonly<Record<number, string>> = {
  0x00: "34121056 0600 1000 01000002",
  0x10: "0c000000 00000000",
  0x2c: "34120100 00000000 40",
  0x3d: "01",
  0x40: "0150 0300 0000",
  0x50: "0570 8401",
  0x70: "10b0 0200 00800010",
  0xb0: "11c0 0300 00200000 00300000",
  0xc0: "0900 10 4d0102",
  0x100: "01000114",
  0x140: "03000116 1122334455667788",
  0x160: "0e000117 00010000",
  0x170: "1000011a",
  0x1a0: "0b000100 01002001",
};

function device(changes: Readonly<Record<number, number>> = {}, bytes = 4096): PciSource {
  const space = new Uint8Array(bytes);
  for (const [at, hex] of Object.entries(PLACES)) {
    if (Number(at) < bytes) space.set(Uint8Array.fromHex(hex.replaceAll(" ", "")), Number(at));
  }
  for (const [at, flip] of Object.entries(changes)) space[Number(at)]! ^= flip;
  return { space, bars: BARS };
}

/** The names of the registers that QEMU refuses. */
function refused(changes: Readonly<Record<number, number>>, pair: QemuPair = NEW): string[] {
  const [setting, ...others] = possibleSettings(pair);
  assertEquals(others, [], "everything that matters is known");
  const { differences, problem } = compareAsQemu(device(), device(changes), setting!);
  assertEquals(problem, null);
  return differences.map(({ field }) => field.name);
}

/** The bits of a byte that QEMU compares, found by flipping each. */
function comparedBits(at: number, pair: QemuPair = NEW): number {
  return [1, 2, 4, 8, 16, 32, 64, 128].filter((bit) => refused({ [at]: bit }, pair).length > 0)
    .reduce((sum, bit) => sum + bit, 0);
}

Deno.test("compareAsQemu() compares the header bits of pci_init_cmask, except writable bits", () => {
  const compared = new Map<number, number>();
  for (let at = 0; at < 0x40; at++) {
    // The BAR type and the list pointer change the meaning of other bytes.
    if (at === 0x10 || at === 0x34) continue;
    if (at === 0x06 || at === 0x2c) compared.set(at, comparedBits(at, NEW));
    else if (comparedBits(at) !== 0) compared.set(at, comparedBits(at));
  }
  assertEquals([...compared], [
    ...[0, 1, 2, 3].map((at) => [at, 0xff] as [number, number]),
    [0x06, 0x10],
    ...[8, 9, 10, 11].map((at) => [at, 0xff] as [number, number]),
    [0x0e, 0x7f],
    [0x2c, 0],
  ]);
});

/** What is compared in capabilities: byte, bits in QEMU 10.0 with its machine type, bits in QEMU 7.2. */
const CAPABILITY_BITS: readonly [name: string, at: number, now: number, before: number][] = [
  ["power management: PMC", 0x42, 0xff, 0xff],
  ["power management: the state can differ since 10.0", 0x44, 0xfc, 0xff],
  ["power management: the bytes after it do not belong to it since 10.0", 0x48, 0, 0xff],
  ["MSI: the enabled vectors and the enable bit are writable", 0x52, 0x80 | 0x0e, 0x80 | 0x0e],
  ["MSI: masking, and no reserved bit", 0x53, 0x01, 0x01],
  ["MSI: the address, which is reset", 0x54, 0, 0],
  ["MSI: data", 0x5c, 0, 0],
  ["MSI: reserved bytes after the data", 0x5e, 0xff, 0xff],
  ["MSI: mask bits, which are reset", 0x60, 0, 0],
  ["MSI: pending bits, which are reset", 0x64, 0, 0],
  ["MSI: the bytes after it do not belong to it", 0x6a, 0, 0],
  ["PCI Express: DEVCAP", 0x74, 0xff, 0xff],
  ["PCI Express: LNKSTA", 0x82, 0xff, 0xff],
  ["PCI Express: up to the next capability", 0xaf, 0xff, 0xff],
  ["MSI-X: size of the table", 0xb2, 0xff, 0xff],
  ["MSI-X: three bits of it, and no writable bits", 0xb3, 0x07, 0x07],
  ["vendor-specific: length", 0xc2, 0xff, 0xff],
  ["vendor-specific: contents since 9.1", 0xc3, 0, 0xff],
  ["vendor-specific: up to the end", 0xff, 0, 0xff],
  ["advanced error reporting: version and next pointer", 0x102, 0xcf, 0xcf],
  ["advanced error reporting: status", 0x104, 0xff, 0xff],
  ["device serial number", 0x145, 0xff, 0xff],
  ["alternative routing ID is hidden", 0x165, 0, 0],
  ["SR-IOV is hidden", 0x178, 0, 0],
  ["extended vendor-specific", 0x1a8, 0xff, 0xff],
  ["up to the end of the space", 0xfff, 0xff, 0xff],
];

for (const [name, at, now, before] of CAPABILITY_BITS) {
  Deno.test(`compareAsQemu() compares ${name}`, () => {
    // MSI's width and masking move its registers, and QEMU does not start with more vectors than the table holds.
    const settled = at === 0x52 || at === 0x53 || at === 0xb3 || at === 0xb2;
    const bits = (pair: QemuPair) =>
      settled ? comparedIfItStarts(at, pair) : comparedBits(at, pair);
    assertEquals([bits(NEW), bits(OLD)], [now, before]);
  });
}

/** The same for bits that may prevent QEMU from starting, which counts as a refusal. */
function comparedIfItStarts(at: number, pair: QemuPair): number {
  const [setting] = possibleSettings(pair);
  return [1, 2, 4, 8, 16, 32, 64, 128].filter((bit) => {
    const { differences, problem } = compareAsQemu(device(), device({ [at]: bit }), setting!);
    return differences.length > 0 || problem !== null;
  }).reduce((sum, bit) => sum + bit, 0);
}

Deno.test("compareAsQemu() ignores extended capabilities on a pc machine, and the link on the root complex", () => {
  const pc: QemuPair = { ...NEW, machineType: "pc-i440fx-10.0", bus: null };
  const root: QemuPair = { ...NEW, bus: "root-complex" };
  assertEquals(refused({ 0x145: 1 }, pc), []);
  assertEquals(refused({ 0x145: 1 }, root), ["device-serial-number lower half"]);
  assertEquals(refused({ 0x7c: 1 }, root), []);
  assertEquals(refused({ 0x7c: 1 }), ["pci-express LNKCAP"]);
});

Deno.test("compareAsQemu() refuses a different size, in both directions", () => {
  const [setting] = possibleSettings(NEW);
  for (const [a, b] of [[256, 4096], [4096, 256]] as const) {
    const { differences } = compareAsQemu(device({}, a), device({}, b), setting!);
    assertEquals(differences.map(({ source, target }) => [source, target]), [[`${a}`, `${b}`]]);
  }
});

Deno.test("compareAsQemu() names the register and its value on both sides", () => {
  const [setting] = possibleSettings(NEW);
  const { differences } = compareAsQemu(device(), device({ 0x75: 1, 0x09: 0xff }), setting!);
  assertEquals(differences, [
    { field: { at: 9, bytes: 3, name: "class" }, source: "020000", target: "0200ff" },
    {
      field: { at: 0x74, bytes: 4, name: "pci-express DEVCAP" },
      source: "10008000",
      target: "10008100",
    },
  ]);
});

Deno.test("openAsQemu() rebuilds the lists without hidden capabilities", () => {
  const [setting] = possibleSettings(NEW);
  const { config } = openAsQemu(device(), setting!.target);
  assertEquals([...config.subarray(0x140, 0x144)], [0x03, 0x00, 0x01, 0x1a]);
});

Deno.test("openAsQemu() says why QEMU does not start", () => {
  const [setting] = possibleSettings(NEW);
  const problem = (changes: Readonly<Record<number, number>>) =>
    openAsQemu(device(changes), setting!.target).problem;
  assertEquals(problem({}), null);
  assert(problem({ 0xb5: 0x60 })?.includes("MSI-X"));
  assert(problem({ 0x52: 0x08 })?.includes("MSI"));
  assert(problem({ 0x72: 0x40 })?.includes("PCI Express type"));
});

Deno.test("possibleSettings() uses what versions and machine types decide", () => {
  const vendorSpecific = (change: Partial<QemuPair>) => [
    ...new Set(
      possibleSettings({ ...NEW, ...change }).map(({ target }) => target.checksVendorSpecific),
    ),
  ];
  assertEquals(vendorSpecific({}), [false]);
  assertEquals(vendorSpecific({ machineType: "pc-q35-9.0" }), [true]);
  assertEquals(vendorSpecific({ machineType: "pc-i440fx-9.1" }), [false]);
  assertEquals(vendorSpecific({ machineType: "q35" }), [false]);
  assertEquals(vendorSpecific({ machineType: "pc-q35-rhel9.4.0" }), [true, false]);
  assertEquals(vendorSpecific({ machineType: "virt-9.2" }), [false]);
  assertEquals(vendorSpecific({ machineType: null }), [true, false]);
  assertEquals(vendorSpecific({ machineType: null, source: "9.0.2" }), [true]);
  assertEquals(vendorSpecific({ machineType: null, target: "8.2.1", source: null }), [true]);
  assertEquals(possibleSettings({ ...NEW, machineType: "pc-i440fx-10.0", bus: null }).length, 1);
  assertEquals(possibleSettings({ ...NEW, bus: null }).length, 2);
  const buses = (machineType: string) =>
    possibleSettings({ ...NEW, machineType, bus: null }).map(({ target }) => target.bus);
  assertEquals(buses("pseries-9.2"), ["conventional"]);
  assertEquals(buses("virt-9.2"), ["port", "root-complex"]);
});
