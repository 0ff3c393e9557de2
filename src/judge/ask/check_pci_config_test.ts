import { assert, assertEquals } from "@std/assert";
import { packPciSpace, type PciConfig, type Reason, unpackPciSpace } from "../../documents/mod.ts";
import { mttyIdentity } from "../../../tests/fixtures/identity.ts";
import { spaceOf } from "../../../tests/fixtures/pci_space.ts";
import { mttyDevice, mttySnapshot } from "../../../tests/fixtures/snapshot.ts";
import { ask, type AskOptions } from "./mod.ts";

const EXPRESS: PciConfig = {
  vendor: "1234",
  device: "5678",
  revision: "01",
  class: "020000",
  subsystem: "1234:0001",
  capabilities: [
    { id: "01", name: "power-management", offset: "40" },
    { id: "10", name: "pci-express", offset: "60" },
    { id: "09", name: "vendor-specific", offset: "a0" },
  ],
  extendedCapabilities: [{ id: "0003", name: "device-serial-number", offset: "100" }],
  bars: [{ index: 0, size: 0x4000, kind: "mem64", prefetchable: true }],
};

/** The configuration with changed bytes. */
function altered(bytes: Readonly<Record<number, number>> = {}, change: Partial<PciConfig> = {}) {
  const decoded = { ...EXPRESS, ...change };
  const space = unpackPciSpace(spaceOf(decoded));
  for (const [at, value] of Object.entries(bytes)) space[Number(at)] = value;
  return { ...decoded, space: packPciSpace(space) };
}

interface Hosts {
  qemu?: string;
  machineType?: string;
}

/** The judgement of a host that has only this device. */
function judge(
  [theirs, ours]: readonly [PciConfig, PciConfig],
  { qemu, machineType }: Hosts = { qemu: "10.0.13", machineType: "pc-q35-10.0" },
  options: AskOptions = {},
): { verdict: string; reasons: Reason[]; codes: string[] } {
  const facts = qemu === undefined ? {} : { qemu };
  const snapshot = mttySnapshot({
    host: { ...mttySnapshot().host, facts },
    devices: [mttyDevice({ pciConfig: ours })],
    types: [],
  });
  const source = mttyIdentity({
    pciConfig: theirs,
    vmm: { qemu: qemu ?? null, machineType: machineType ?? null },
  });
  const { offers: [offer], refusals: [refusal] } = ask(snapshot, source, options);
  const { verdict, reasons, warnings } = offer ?? refusal!;
  const about = [...reasons, ...warnings].filter(({ code }) =>
    /^(Pci|Bars|Subsystem|Vendor)/.test(code)
  );
  return { verdict, reasons: about, codes: about.map(({ code }) => code) };
}

Deno.test("a difference inside a capability is refused with the register and both values", () => {
  const { verdict, reasons } = judge([altered(), altered({ 0x65: 0x80 })]);
  assertEquals([verdict, reasons], ["incompatible", [{
    code: "PciConfigDiffers",
    sentence:
      "mtty: QEMU refuses the migration: the PCI configurations differ in pci-express DEVCAP at 0x64",
    source: "pci-express DEVCAP at 0x64 00000000",
    host: "pci-express DEVCAP at 0x64 00008000",
  }]]);
});

Deno.test("fields that QEMU masks do not differ: command, status, interrupt line, addresses of BARs", () => {
  const busy = altered({ 0x04: 0x07, 0x07: 0x28, 0x0c: 0x10, 0x3c: 11, 0x13: 0xfe, 0x0e: 0x80 });
  assertEquals(judge([altered(), busy]).verdict, "compatible");
});

Deno.test("different subsystem ids are a warning, or a refusal if the operator wants that", () => {
  const pair = [altered(), altered({}, { subsystem: "1234:0002" })] as const;
  assertEquals(judge(pair).verdict, "compatible");
  assertEquals(judge(pair).codes, ["SubsystemDiffers"]);
  assert(judge(pair).reasons[0]!.sentence.includes("QEMU does not check"));
  assertEquals(judge(pair, undefined, { subsystem: "refuse" }).verdict, "incompatible");
});

Deno.test("a different BAR size is refused, although QEMU does not check it", () => {
  const bars = [{ ...EXPRESS.bars[0]!, size: 0x2000 }];
  const { verdict, codes, reasons } = judge([altered(), altered({}, { bars })]);
  assertEquals([verdict, codes], ["incompatible", ["BarsDiffer"]]);
  assert(reasons[0]!.sentence.includes("QEMU does not check"));
});

Deno.test("the check of a vendor-specific capability depends on QEMU's version and the machine type", () => {
  const pair = [altered(), altered({ 0xa4: 1 })] as const;
  const cases: readonly [Hosts, verdict: string, codes: string[]][] = [
    [{ qemu: "10.0.13", machineType: "pc-q35-10.0" }, "compatible", ["VendorSpecificDiffers"]],
    [{ qemu: "10.0.13", machineType: "pc-q35-9.0" }, "incompatible", ["PciConfigDiffers"]],
    [{ qemu: "7.2.22" }, "incompatible", ["PciConfigDiffers"]],
    [{ qemu: "10.0.13" }, "unknown", ["PciConfigUnknown"]],
    [{}, "unknown", ["PciConfigUnknown"]],
  ];
  for (const [hosts, verdict, codes] of cases) {
    const judged = judge(pair, hosts);
    assertEquals([hosts, judged.verdict, judged.codes], [hosts, verdict, codes]);
    if (verdict !== "unknown") continue;
    assert(judged.reasons[0]!.sentence.includes("machine type (QEMU 9.1 and later"));
    assert(!judged.reasons[0]!.sentence.includes("the bus"), "only the parts that decide");
  }
});

Deno.test("a device serial number is compared in a q35 machine but not in a pc machine", () => {
  const pair = [altered(), altered({ 0x104: 1 })] as const;
  const verdict = (machineType?: string) =>
    judge(pair, { qemu: "10.0.13", ...(machineType === undefined ? {} : { machineType }) }).verdict;
  assertEquals(
    [verdict("pc-q35-10.0"), verdict("pc-i440fx-10.0"), verdict()],
    ["incompatible", "compatible", "unknown"],
  );
});

Deno.test("a configuration without bytes is unknown, unless decoded fields differ", () => {
  const { space: _, ...decoded } = altered();
  assertEquals(judge([decoded, altered()]).codes, ["PciConfigUnknown"]);
  assertEquals(judge([altered(), decoded]).verdict, "unknown");
  assertEquals(judge([altered(), { ...decoded, revision: "02" }]).codes, ["PciConfigDiffers"]);
});

Deno.test("a device that QEMU does not start with is refused", () => {
  assertEquals(judge([altered(), altered({ 0x62: 0x42 })]).codes, ["PciDeviceRefused"]);
});

Deno.test("a different size of the space is the reason of a refusal, unless QEMU does not start with the device", () => {
  const { extendedCapabilities: _, ...small } = EXPRESS;
  const source = { ...small, space: spaceOf(small) };
  const unknown = {};
  assertEquals(judge([source, altered()], unknown).reasons, [{
    code: "PciConfigDiffers",
    sentence:
      "mtty: QEMU refuses the migration: the PCI configurations differ in size of the configuration space",
    source: "size of the configuration space 256",
    host: "size of the configuration space 4096",
  }]);
  assertEquals(judge([source, altered({ 0x62: 0x42 })], unknown).codes, ["PciDeviceRefused"]);
});
