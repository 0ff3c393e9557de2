import type { MigrationV2, SimulatedDevice } from "../scenario.ts";
import {
  migrationV2,
  pciFunction,
  type Place,
  type VirtualFunction,
  virtualFunction,
} from "./device_parts.ts";
import {
  bar,
  KIB,
  MIB,
  msix,
  pciExpress,
  pciHeader,
  powerManagement,
  vendorSpecific,
} from "./pci_parts.ts";

/** A function with the address where the host mapped its first BAR. */
type Mapped<F> = F & { readonly address: number };

/** A port of a ConnectX-7, bound to the host's own driver. */
export function connectX7(port: Mapped<Place>, totalVfs: number): SimulatedDevice {
  const header = pciHeader("15b3:1021", "15b3:0041", {
    class: 0x020000,
    bars: [bar(0, "mem64", 32 * MIB, { address: port.address })],
    capabilities: [
      powerManagement(0x40),
      vendorSpecific(0x4c, 0x10),
      pciExpress(0x60),
      msix(0x9c, 64, 0),
    ],
    extendedCapabilities: [[0x01, 0x100], [0x0e, 0x150], [0x10, 0x180], [0x0d, 0x230]],
  });
  return pciFunction(port, header, { driver: "mlx5_core", totalVfs });
}

/** A virtual function of a ConnectX port. */
export function connectXVf(
  port: SimulatedDevice,
  { address, ...vf }: Mapped<VirtualFunction>,
): SimulatedDevice {
  const header = pciHeader("15b3:101e", "15b3:0041", {
    class: 0x020000,
    bars: [bar(0, "mem64", 2 * MIB, { address: address, mmap: "msix" })],
    capabilities: [pciExpress(0x60), msix(0x9c, 12, 0)],
    extendedCapabilities: [[0x03, 0x100], [0x0e, 0x150]],
  });
  return virtualFunction(port, vf, header);
}

/** A port of an Intel E810, bound to the host's own driver. */
export function e810(port: Mapped<Place>, totalVfs: number): SimulatedDevice {
  const header = pciHeader("8086:1592", "8086:0002", {
    class: 0x020000,
    revision: 0x02,
    bars: [
      bar(0, "mem64", 32 * MIB, { address: port.address }),
      bar(3, "mem64", 64 * KIB, { address: port.address + 32 * MIB }),
    ],
    capabilities: [powerManagement(0x40), msix(0x70, 1024, 3), pciExpress(0xa0)],
    extendedCapabilities: [[0x01, 0x100], [0x0e, 0x148], [0x10, 0x160], [0x0d, 0x1a0]],
  });
  return pciFunction(port, header, { driver: "ice", totalVfs });
}

/** A virtual function of an E810 port. In a guest, `iavf` drives it. */
export function e810Vf(
  port: SimulatedDevice,
  { address, ...vf }: Mapped<VirtualFunction>,
): SimulatedDevice {
  const header = pciHeader("8086:1889", "8086:0000", {
    class: 0x020000,
    revision: 0x02,
    bars: [
      bar(0, "mem64", 128 * KIB, { address: address }),
      bar(3, "mem64", 16 * KIB, { address: address + 128 * KIB, mmap: "msix" }),
    ],
    capabilities: [msix(0x70, 17, 3), pciExpress(0xa0)],
    extendedCapabilities: [[0x01, 0x100], [0x0e, 0x148], [0x0d, 0x1a0]],
  });
  return virtualFunction(port, vf, header);
}

/**
 * The migration support of `mlx5_vfio_pci`: everything, with dirty tracking by the device. Initial data is a record: a
 * 16-byte header and the firmware's own image, which only the same firmware accepts.
 */
export function mlx5Migration(firmware: string): MigrationV2 {
  const image = new TextEncoder().encode(`vhca ${firmware}`.padEnd(MLX5_IMAGE_BYTES, "\0"));
  const header = new DataView(new ArrayBuffer(16));
  header.setBigUint64(0, BigInt(image.length), true);
  return migrationV2(["stop-copy", "p2p", "pre-copy"], {
    stopCopyBytes: 2_621_440,
    initialData: new Uint8Array(header.buffer).toHex() + image.toHex(),
    drained: "ENOMSG",
  });
}

const MLX5_IMAGE_BYTES = 240;
