import type {
  MigrationV2,
  SimulatedDevice,
  SimulatedMdevType,
  SimulatedVfio,
} from "../scenario.ts";
import { device, mdev, migrationV2, vfioPci } from "./device_parts.ts";
import { bar, MIB, pciHeader, vendorSpecific } from "./pci_parts.ts";

/** A sample device to plant, of the type with this suffix. */
export interface Sample {
  readonly id: string;
  readonly type: string;
  readonly iommuGroup: number;
  readonly index: number;
}

/** All mtty devices share this many serial ports. */
const MAX_MTTYS = 24;
const MTTY_MAGIC = 0x7e9d09898c3e2c4en;
const MTTY_HEADER_BYTES = 24;
const MTTY_PORT_BYTES = 36;

/** mtty, the kernel's sample with migration. Types `1` and `2` are named after their number of ports. */
export function mtty(samples: readonly Sample[]): SimulatedDevice[] {
  const free = MAX_MTTYS - samples.reduce((sum, { type }) => sum + Number(type), 0);
  const type = (ports: number, name: string) => ({
    type: `mtty-${ports}`,
    name,
    description: null,
    availableInstances: Math.floor(free / ports),
    makes: { driver: "mtty", vfio: mttyVfio(ports, 0) },
  });
  const types = [type(1, "Single port serial"), type(2, "Dual port serial")];
  return sampleDevices("mtty", types, samples, (type, index) => mttyVfio(Number(type), index));
}

function mttyVfio(ports: number, index: number): SimulatedVfio {
  const header = pciHeader("4348:3253", "4348:3253", {
    class: 0x070002,
    revision: 0x10,
    configBytes: 256,
    bars: Array.from({ length: ports }, (_, i) => bar(i, "io", 8, { mmap: "none" })),
  });
  return vfioPci(index, header, {
    iommu: "emulated",
    irqs: [1, 1, null, null, null],
    reset: "unflagged",
    migration: mttyMigration(ports),
  });
}

/** The header of mtty's stream: magic, version 1.0, number of ports, no flags. */
function mttyMigration(ports: number): MigrationV2 {
  const header = new DataView(new ArrayBuffer(MTTY_HEADER_BYTES));
  header.setBigUint64(0, MTTY_MAGIC, true);
  header.setUint32(8, 1, true);
  header.setUint32(16, ports, true);
  return migrationV2(["stop-copy", "p2p", "pre-copy"], {
    stopCopyBytes: MTTY_HEADER_BYTES + ports * MTTY_PORT_BYTES,
    initialData: new Uint8Array(header.buffer).toHex(),
    refusal: "EFAULT",
    keepsStateOnClose: true,
  });
}

/** mdpy's modes: the type's suffix, and the size of the framebuffer in BAR 0. */
const MDPY_TYPES: Readonly<Record<string, number>> = { vga: 2 * MIB, xga: 4 * MIB, hd: 8 * MIB };
const MDPY_MAX_DEVICES = 4;

/** mdpy, the kernel's sample of a display. It cannot migrate. */
export function mdpy(samples: readonly Sample[]): SimulatedDevice[] {
  const types = Object.keys(MDPY_TYPES).map((suffix) => ({
    type: `mdpy-${suffix}`,
    name: `mdpy-${suffix}`,
    description: null,
    availableInstances: MDPY_MAX_DEVICES - samples.length,
  }));
  return sampleDevices("mdpy", types, samples, mdpyVfio);
}

function mdpyVfio(type: string, index: number): SimulatedVfio {
  const header = pciHeader("1b36:000f", "1af4:1100", {
    class: 0x038000,
    revision: 0x01,
    configBytes: 256,
    bars: [bar(0, "mem32", MDPY_TYPES[type]!, { prefetchable: true })],
    capabilities: [vendorSpecific(0x40, 0x10)],
  });
  return vfioPci(index, header, {
    iommu: "emulated",
    irqs: [0, null, null, null, null],
    reset: "unflagged",
  });
}

/** The parent, which is named after its driver, and its devices. */
function sampleDevices(
  name: string,
  mdevTypes: readonly SimulatedMdevType[],
  samples: readonly Sample[],
  vfioOf: (type: string, index: number) => SimulatedVfio,
): SimulatedDevice[] {
  const place = { id: name, above: `virtual/${name}`, iommuGroup: null, numaNode: null };
  const parent = device(place, { subsystem: { class: name }, mdevTypes });
  const devices = samples.map(({ id, type, iommuGroup, index }) => {
    const made = { driver: name, vfio: vfioOf(type, index) };
    return mdev(parent, { id, iommuGroup, type: `${name}-${type}` }, made);
  });
  return [parent, ...devices];
}
