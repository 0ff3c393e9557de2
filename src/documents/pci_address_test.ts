import { assertEquals } from "@std/assert";
import { formatPciAddress, parsePciAddress } from "./pci_address.ts";

Deno.test("parsePciAddress() reads addresses in the formats of sysfs and lspci", () => {
  const address = { domain: 0, bus: 0x41, device: 0, function: 1 };
  assertEquals(parsePciAddress("0000:41:00.1"), address);
  assertEquals(parsePciAddress("41:00.1"), address);
  assertEquals(parsePciAddress("0000:FF:1F.7"), { domain: 0, bus: 255, device: 31, function: 7 });
});

Deno.test("parsePciAddress() reads the long domains of VMD controllers", () => {
  assertEquals(parsePciAddress("10000:e1:00.0")?.domain, 0x10000);
});

Deno.test("parsePciAddress() refuses a missing function digit", () => {
  assertEquals(parsePciAddress("0000:41:00"), null);
  assertEquals(parsePciAddress("0000:41:00."), null);
});

Deno.test("parsePciAddress() refuses a device beyond 31 and a function beyond 7", () => {
  assertEquals(parsePciAddress("0000:41:20.0"), null);
  assertEquals(parsePciAddress("0000:41:1f.8"), null);
});

Deno.test("parsePciAddress() refuses text around an address", () => {
  for (const text of ["", " 0000:41:00.1", "0000:41:00.1\n", "0000:41:00.10", "000:41:00.1"]) {
    assertEquals(parsePciAddress(text), null, JSON.stringify(text));
  }
});

Deno.test("formatPciAddress() is the inverse of parsePciAddress()", () => {
  for (const domain of [0, 1, 0xffff, 0x10000]) {
    for (const bus of [0, 9, 0xff]) {
      for (const device of [0, 31]) {
        const address = { domain, bus, device, function: 7 };
        assertEquals(parsePciAddress(formatPciAddress(address)), address);
      }
    }
  }
  assertEquals(
    formatPciAddress({ domain: 0, bus: 0x41, device: 0, function: 1 }),
    "0000:41:00.1",
  );
});
