import { assertEquals, assertThrows } from "@std/assert";
import { Failure, type Region, unpackPciSpace } from "../documents/mod.ts";
import { parsePciConfig } from "./pci_config.ts";

/** A configuration space from `offset: bytes` in hexadecimal. */
function space(length: number, parts: Record<number, string>): Uint8Array {
  const bytes = new Uint8Array(length);
  for (const [offset, text] of Object.entries(parts)) {
    bytes.set(text.split(" ").map((byte) => parseInt(byte, 16)), Number(offset));
  }
  return bytes;
}

const region = (index: number, size: number): Region => (
  { index, name: "", size, offset: "0x0", flags: [], capabilities: [], errno: null }
);

const HEADER = {
  0x00: "86 80 ca 10 06 04 10 00 01 00 00 02",
  0x2c: "f4 1a 00 11",
};

Deno.test("parsePciConfig() reads ids, capabilities with vectors, and BARs by region", () => {
  const bytes = space(4096, {
    ...HEADER,
    0x10: "0c 00 00 c0 00 00 00 00 01 e0 00 00 00 00 00 fe",
    0x34: "70",
    0x70: "11 a0 02 80",
    0xa0: "10 00 02 00",
    0x100: "01 00 02 14",
    0x140: "00 00 00 16",
    0x160: "0e 00 01 00",
  });
  const regions = [region(0, 16384), region(1, 0), region(2, 32), region(3, 4096), region(7, 4096)];
  assertEquals(parsePciConfig(bytes, regions), {
    vendor: "8086",
    device: "10ca",
    revision: "01",
    class: "020000",
    subsystem: "1af4:1100",
    capabilities: [
      { id: "11", name: "msi-x", offset: "70", vectors: 3 },
      { id: "10", name: "pci-express", offset: "a0" },
    ],
    // The kernel hid the one at 0x140: id 0, but still in the chain.
    extendedCapabilities: [
      { id: "0001", name: "advanced-error-reporting", offset: "100" },
      { id: "000e", name: "alternative-routing-id", offset: "160" },
    ],
    bars: [
      { index: 0, size: 16384, kind: "mem64", prefetchable: true },
      { index: 2, size: 32, kind: "io", prefetchable: false },
      { index: 3, size: 4096, kind: "mem32", prefetchable: false },
    ],
    space: { bytes: 4096, base64: bytes.slice(0, 0x163).toBase64() },
  });
});

Deno.test("parsePciConfig() keeps what changes at run time only in the space", () => {
  const still = space(256, HEADER);
  const working = space(256, { ...HEADER, 0x04: "07 05 10 20", 0x3c: "0b" });
  const [a, b] = [parsePciConfig(working, []), parsePciConfig(still, [])];
  assertEquals({ ...a, space: null }, { ...b, space: null });
  assertEquals([a, b].map(({ space }) => unpackPciSpace(space!)), [working, still]);
});

Deno.test("parsePciConfig() reads no list if the status has no list bit", () => {
  assertEquals(parsePciConfig(space(256, { 0x34: "40" }), []).capabilities, []);
});

const BROKEN: [string, Uint8Array][] = [
  ["is shorter than the header", new Uint8Array(63)],
  ["has a list that starts in the header", space(256, { ...HEADER, 0x34: "20" })],
  ["has a list that points to itself", space(256, { ...HEADER, 0x34: "40", 0x40: "05 40" })],
  ["has an extended list that points back", space(512, { 0x100: "01 00 01 10" })],
];
for (const [name, bytes] of BROKEN) {
  Deno.test(`parsePciConfig() refuses a space that ${name}`, () => {
    assertThrows(() => parsePciConfig(bytes, []), Failure, "PCI configuration");
  });
}
