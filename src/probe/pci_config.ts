import type { DeviceHandle } from "../device/mod.ts";
import { VFIO_PCI_CONFIG_REGION_INDEX } from "../../ffi/vfio.ts";
import {
  Failure,
  packPciSpace,
  type PciBar,
  type PciCapability,
  type PciConfig,
  type Region,
} from "../documents/mod.ts";

/** Offsets in the header of type 0. Source: `<linux/pci_regs.h>`. */
const PCI_STATUS = 0x06;
const PCI_STATUS_CAP_LIST = 0x10;
const PCI_CLASS_REVISION = 0x08;
const PCI_BASE_ADDRESS_0 = 0x10;
const PCI_SUBSYSTEM_VENDOR_ID = 0x2c;
const PCI_CAPABILITY_LIST = 0x34;
/** The number of base address registers in a type 0 header. Their regions come first. */
const BARS = 6;
const PCI_CFG_SPACE_SIZE = 256;
const PCI_CFG_SPACE_EXP_SIZE = 4096;
const PCI_CAP_ID_MSI = 0x05;
const PCI_CAP_ID_MSIX = 0x11;

const CAPABILITY_NAMES: Readonly<Record<number, string>> = {
  0x01: "power-management",
  0x03: "vpd",
  0x05: "msi",
  0x09: "vendor-specific",
  0x10: "pci-express",
  0x11: "msi-x",
  0x12: "sata",
  0x13: "advanced-features",
};

const EXTENDED_NAMES: Readonly<Record<number, string>> = {
  0x01: "advanced-error-reporting",
  0x02: "virtual-channel",
  0x03: "device-serial-number",
  0x0b: "vendor-specific",
  0x0d: "access-control-services",
  0x0e: "alternative-routing-id",
  0x0f: "address-translation-services",
  0x10: "single-root-io-virtualization",
  0x13: "page-request",
  0x15: "resizable-bar",
  0x17: "tph-requester",
  0x19: "secondary-pci-express",
  0x1b: "process-address-space-id",
  0x23: "designated-vendor-specific",
};

/**
 * The PCI configuration that a guest would see, or null if the device has no configuration region.
 *
 * Source: the device's region `VFIO_PCI_CONFIG_REGION_INDEX`, which the driver virtualizes, and the sizes of its BAR
 * regions. Effect: none.
 */
export function readPciConfig(
  { sys, fd }: DeviceHandle,
  regions: readonly Region[],
): PciConfig | null {
  const region = regions.find(({ index }) => index === VFIO_PCI_CONFIG_REGION_INDEX);
  if (region === undefined) return null;
  // QEMU also refuses a device whose BARs it cannot query.
  const unread = regions.find(({ index, errno }) =>
    errno !== null && (index < BARS || index === VFIO_PCI_CONFIG_REGION_INDEX)
  );
  if (unread !== undefined) throw broken(`the kernel answered ${unread.errno} for ${unread.name}`);
  if (region.size < 64) return null;
  const bytes = new Uint8Array(Math.min(region.size, PCI_CFG_SPACE_EXP_SIZE));
  let read = 0;
  while (read < bytes.length) {
    const part = bytes.subarray(read) as Uint8Array<ArrayBuffer>;
    const count = sys.pread(fd, part, BigInt(region.offset) + BigInt(read));
    if (count === 0) break;
    read += count;
  }
  if (read < bytes.length) throw broken(`only ${read} of its ${bytes.length} bytes could be read`);
  return parsePciConfig(bytes, regions);
}

/**
 * Parses a configuration space. What changes while a device runs (command, status, addresses) is only in `space`, which
 * contains everything.
 */
export function parsePciConfig(bytes: Uint8Array, regions: readonly Region[]): PciConfig {
  if (bytes.length < 64) throw broken(`it has ${bytes.length} bytes, not 64`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  const id = (offset: number) => hex(view.getUint16(offset, true), 4);
  const classRevision = view.getUint32(PCI_CLASS_REVISION, true);
  return {
    vendor: id(0),
    device: id(2),
    revision: hex(classRevision & 0xff, 2),
    class: hex(classRevision >>> 8, 6),
    subsystem: `${id(PCI_SUBSYSTEM_VENDOR_ID)}:${id(PCI_SUBSYSTEM_VENDOR_ID + 2)}`,
    capabilities: parseCapabilities(view),
    extendedCapabilities: parseExtendedCapabilities(view),
    bars: parseBars(view, regions),
    space: packPciSpace(bytes),
  };
}

function parseCapabilities(view: DataView): PciCapability[] {
  if ((view.getUint16(PCI_STATUS, true) & PCI_STATUS_CAP_LIST) === 0) return [];
  const found: PciCapability[] = [];
  const seen = new Set<number>();
  const end = Math.min(view.byteLength, PCI_CFG_SPACE_SIZE);
  for (let at = view.getUint8(PCI_CAPABILITY_LIST) & ~3; at !== 0;) {
    if (at < 64 || at + 4 > end || seen.has(at)) {
      throw broken(`its capability list is malformed at offset ${at}`);
    }
    seen.add(at);
    const id = view.getUint8(at);
    found.push({
      id: id.toString(16).padStart(2, "0"),
      name: CAPABILITY_NAMES[id] ?? "unknown",
      offset: at.toString(16),
      ...vectors(id, view.getUint16(at + 2, true)),
    });
    at = view.getUint8(at + 1) & ~3;
  }
  return found;
}

/** The number of MSI or MSI-X vectors, which is the size of the table that the guest sees. */
function vectors(id: number, control: number): { vectors?: number } {
  if (id === PCI_CAP_ID_MSI) return { vectors: 1 << ((control >> 1) & 7) };
  if (id === PCI_CAP_ID_MSIX) return { vectors: (control & 0x7ff) + 1 };
  return {};
}

function parseExtendedCapabilities(view: DataView): PciCapability[] {
  const found: PciCapability[] = [];
  const seen = new Set<number>();
  let at = view.byteLength > PCI_CFG_SPACE_SIZE ? PCI_CFG_SPACE_SIZE : 0;
  while (at !== 0) {
    if (at < PCI_CFG_SPACE_SIZE || at + 4 > view.byteLength || seen.has(at)) {
      throw broken(`its extended capability list is malformed at offset ${at}`);
    }
    seen.add(at);
    const header = view.getUint32(at, true);
    if (header === 0 || header === 0xffffffff) break;
    const id = header & 0xffff;
    // The kernel hides a capability by setting its id to 0, and keeps it in the chain.
    if (id !== 0) {
      found.push({
        id: id.toString(16).padStart(4, "0"),
        name: EXTENDED_NAMES[id] ?? "unknown",
        offset: at.toString(16),
      });
    }
    at = (header >>> 20) & ~3;
  }
  return found;
}

/** BARs, from the sizes of their regions and the type in their low bits. The upper half of a 64-bit BAR has no size. */
function parseBars(view: DataView, regions: readonly Region[]): PciBar[] {
  return regions.filter(({ index, size }) => index < BARS && size > 0).map(({ index, size }) => {
    const low = view.getUint32(PCI_BASE_ADDRESS_0 + 4 * index, true);
    const kind = (low & 1) !== 0 ? "io" : ((low >> 1) & 3) === 2 ? "mem64" : "mem32";
    return { index, size, kind, prefetchable: kind !== "io" && (low & 8) !== 0 };
  });
}

function broken(why: string): Failure {
  return new Failure("kernel", `Cannot read the PCI configuration: ${why}`, {
    subject: "PCI configuration",
  });
}
