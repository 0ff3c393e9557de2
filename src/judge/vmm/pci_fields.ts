import { getLong, getWord } from "./qemu_pci_device.ts";

/** A register: its offset, size and name. */
export interface PciField {
  at: number;
  bytes: number;
  name: string;
}

type Register = readonly [offset: number, bytes: number, name: string];

/** The header of type 0. Source: `<linux/pci_regs.h>`. */
const HEADER: readonly Register[] = [
  [0x00, 2, "vendor"],
  [0x02, 2, "device"],
  [0x04, 2, "command"],
  [0x06, 2, "status"],
  [0x08, 1, "revision"],
  [0x09, 3, "class"],
  [0x0c, 1, "cache line size"],
  [0x0d, 1, "latency timer"],
  [0x0e, 1, "header type"],
  [0x0f, 1, "BIST"],
  ...[0, 1, 2, 3, 4, 5].map((bar): Register => [0x10 + 4 * bar, 4, `BAR ${bar}`]),
  [0x28, 4, "CardBus CIS"],
  [0x2c, 2, "subsystem vendor"],
  [0x2e, 2, "subsystem device"],
  [0x30, 4, "ROM address"],
  [0x34, 1, "capabilities pointer"],
  [0x3c, 1, "interrupt line"],
  [0x3d, 1, "interrupt pin"],
];

/** A kind of capability: its name, and its registers with their offsets in it. */
interface CapabilityKind {
  name: string;
  registers: readonly Register[];
}

const LIST: readonly Register[] = [[0, 1, "id"], [1, 1, "next pointer"]];
const EXTENDED_LIST: readonly Register[] = [[0, 4, "header"]];

/** Source: `<linux/pci_regs.h>`. */
const CAPABILITIES: Readonly<Record<number, CapabilityKind>> = {
  0x01: { name: "power-management", registers: [[2, 2, "PMC"], [4, 2, "PMCSR"]] },
  0x03: { name: "vpd", registers: [[2, 2, "address"], [4, 4, "data"]] },
  0x05: { name: "msi", registers: [[2, 2, "control"], [4, 4, "address"]] },
  0x09: { name: "vendor-specific", registers: [[2, 1, "length"]] },
  0x10: {
    name: "pci-express",
    registers: [
      [0x02, 2, "flags"],
      [0x04, 4, "DEVCAP"],
      [0x08, 2, "DEVCTL"],
      [0x0a, 2, "DEVSTA"],
      [0x0c, 4, "LNKCAP"],
      [0x10, 2, "LNKCTL"],
      [0x12, 2, "LNKSTA"],
      [0x24, 4, "DEVCAP2"],
      [0x28, 2, "DEVCTL2"],
      [0x2a, 2, "DEVSTA2"],
      [0x2c, 4, "LNKCAP2"],
      [0x30, 2, "LNKCTL2"],
      [0x32, 2, "LNKSTA2"],
    ],
  },
  0x11: { name: "msi-x", registers: [[2, 2, "control"], [4, 4, "table"], [8, 4, "PBA"]] },
  0x12: { name: "sata", registers: [] },
  0x13: { name: "advanced-features", registers: [[3, 1, "capabilities"], [4, 1, "control"]] },
};

const EXTENDED: Readonly<Record<number, CapabilityKind>> = {
  0x01: {
    name: "advanced-error-reporting",
    registers: [
      [0x04, 4, "uncorrectable status"],
      [0x08, 4, "uncorrectable mask"],
      [0x0c, 4, "uncorrectable severity"],
      [0x10, 4, "correctable status"],
      [0x14, 4, "correctable mask"],
      [0x18, 4, "control"],
    ],
  },
  0x02: { name: "virtual-channel", registers: [] },
  0x03: {
    name: "device-serial-number",
    registers: [[4, 4, "lower half"], [8, 4, "upper half"]],
  },
  0x0b: { name: "vendor-specific", registers: [[4, 4, "vendor header"]] },
  0x0d: { name: "access-control-services", registers: [[4, 2, "capabilities"], [6, 2, "control"]] },
  0x0e: { name: "alternative-routing-id", registers: [] },
  0x0f: {
    name: "address-translation-services",
    registers: [[4, 2, "capabilities"], [6, 2, "control"]],
  },
  0x10: { name: "single-root-io-virtualization", registers: [] },
  0x13: { name: "page-request", registers: [] },
  0x15: { name: "resizable-bar", registers: [[4, 4, "capabilities"], [8, 4, "control"]] },
  0x17: { name: "tph-requester", registers: [[4, 4, "capabilities"], [8, 4, "control"]] },
  0x19: { name: "secondary-pci-express", registers: [] },
  0x1b: {
    name: "process-address-space-id",
    registers: [[4, 2, "capabilities"], [6, 2, "control"]],
  },
  0x23: { name: "designated-vendor-specific", registers: [] },
};

/** A part of a configuration space: a capability, the header, or the rest. */
interface Area {
  start: number;
  prefix: string;
  registers: readonly Register[];
}

/** The registers that contain these bytes, according to the space's capability lists. Each once, in ascending order. */
export function pciFieldsAt(config: Uint8Array, offsets: readonly number[]): PciField[] {
  if (offsets.length === 0) return [];
  const areas = areasOf(config);
  const fields: PciField[] = [];
  for (const offset of offsets) {
    const field = fieldOf(areas.findLast(({ start }) => start <= offset)!, offset);
    if (field.at > (fields.at(-1)?.at ?? -1)) fields.push(field);
  }
  return fields;
}

function fieldOf({ start, prefix, registers }: Area, offset: number): PciField {
  const found = registers.find(([at, bytes]) =>
    start + at <= offset && offset < start + at + bytes
  );
  if (found === undefined) return { at: offset, bytes: 1, name: `${prefix}byte` };
  const [at, bytes, name] = found;
  return { at: start + at, bytes, name: prefix + name };
}

/** All areas in ascending order. Each ends where the next one begins. */
function areasOf(config: Uint8Array): Area[] {
  const capabilities = [
    ...standardStarts(config).map((start) => {
      const id = config[start]!;
      return capabilityAt(start, { id, kind: CAPABILITIES[id], list: LIST });
    }),
    ...extendedStarts(config).map((start) => {
      const id = getWord(config, start);
      return capabilityAt(start, { id, kind: EXTENDED[id], list: EXTENDED_LIST });
    }),
  ].sort((a, b) => a.start - b.start);
  return [
    { start: 0, prefix: "", registers: HEADER },
    { start: 0x40, prefix: "device-specific ", registers: [] },
    ...capabilities,
  ];
}

function capabilityAt(
  start: number,
  { id, kind, list }: {
    id: number;
    kind: CapabilityKind | undefined;
    list: readonly Register[];
  },
): Area {
  const name = kind?.name ?? `capability 0x${id.toString(16)}`;
  return { start, prefix: `${name} `, registers: [...list, ...kind?.registers ?? []] };
}

function standardStarts(config: Uint8Array): number[] {
  const starts: number[] = [];
  for (let at = config[0x34]!; at >= 0x40 && !starts.includes(at); at = config[at + 1]!) {
    starts.push(at);
  }
  return starts;
}

function extendedStarts(config: Uint8Array): number[] {
  const starts: number[] = [];
  for (let at = 0x100; at >= 0x100 && !starts.includes(at);) {
    starts.push(at);
    at = getLong(config, at) >>> 20 & 0xffc;
  }
  return starts;
}
