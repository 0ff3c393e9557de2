import type { MigrationV1, MigrationV2, PciHeader, SimulatedDevice } from "../scenario.ts";
import { device, migrationV2, type Place, PLAIN_VFIO } from "./device_parts.ts";
import { bar, KIB, MIB, msi, msix, pciExpress, pciHeader, powerManagement } from "./pci_parts.ts";

/** An endpoint with one memory BAR and MSI-X, given its ids and class. */
export function endpoint(
  ids: string,
  subsystem: string,
  { address, ...rest }: { class: number; revision?: number; address: number },
): PciHeader {
  return pciHeader(ids, subsystem, {
    ...rest,
    bars: [bar(0, "mem64", MIB, { address, mmap: "msix" })],
    capabilities: [powerManagement(0x40), msi(0x50), pciExpress(0x70), msix(0xb0, 8, 0)],
    extendedCapabilities: [[0x01, 0x100], [0x0e, 0x148]],
  });
}

/** A QAT virtual function of the 4xxx series or the older C62x. */
export function qatFunction(ids: string, address: number): PciHeader {
  return pciHeader(ids, "8086:0000", {
    class: 0x0b4000,
    revision: 0x40,
    bars: [
      bar(0, "mem64", 32 * KIB, { address, prefetchable: false }),
      bar(2, "mem64", 32 * KIB, { address: address + 32 * KIB, prefetchable: false }),
    ],
    capabilities: [msi(0x50), pciExpress(0x70), msix(0xb0, 1, 0)],
    extendedCapabilities: [[0x0e, 0x100]],
  });
}

/**
 * The migration support of `qat_vfio_pci`. Initial data is the preamble of its state: magic, version 1, its own length,
 * two sections, and their configuration, which a target must have too.
 */
export function qatMigration(services: string): MigrationV2 {
  const sections = new TextEncoder().encode(`config ${services}`.padEnd(QAT_SECTION_BYTES, "\0"));
  const preamble = new DataView(new ArrayBuffer(16));
  preamble.setUint32(0, 0xadf5caea, true);
  preamble.setUint32(4, 1, true);
  preamble.setUint16(8, 16, true);
  preamble.setUint16(10, 2, true);
  preamble.setUint32(12, sections.length, true);
  return migrationV2(["stop-copy", "p2p", "pre-copy"], {
    stopCopyBytes: 32 * KIB,
    initialData: new Uint8Array(preamble.buffer).toHex() + sections.toHex(),
  });
}

const QAT_SECTION_BYTES = 112;

/** A migration region, as some out-of-tree drivers still have. */
export function migrationV1(firmware: string): MigrationV1 {
  return {
    uapi: "v1",
    dataOffset: 4 * KIB,
    dataBytes: 16 * KIB,
    initialData: new TextEncoder().encode(`c62x ${firmware}`.padEnd(32, "\0")).toHex(),
    refusal: "EINVAL",
  };
}

/** A network function of an ACPI platform, with its three register windows. */
export function platformNic(place: Place, index: number): SimulatedDevice {
  return device(place, {
    subsystem: { bus: "platform" },
    driver: "vfio-platform",
    attributes: { modalias: "acpi:AMDI8001:", driver_override: "vfio-platform" },
    vfio: {
      ...PLAIN_VFIO,
      index,
      api: "vfio-platform",
      regionSizes: [64 * KIB, 64 * KIB, 4 * KIB],
      irqs: [1, 1, 1],
    },
  });
}
