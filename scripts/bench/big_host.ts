import type {
  PciHeader,
  Scenario,
  SimulatedDevice,
  SimulatedMdevType,
  SimulatedVfio,
} from "../../src/simulator/mod.ts";

const CARDS = 8;
const MDEVS_PER_CARD = 50;
const PORTS = 8;
const VFS_PER_PORT = 75;

/** The number of VFIO devices of {@link bigHost}. */
export const VFIO_DEVICES = CARDS * MDEVS_PER_CARD + PORTS * VFS_PER_PORT;

/** The types of each card, and the number of devices of each. */
const TYPES = [
  { type: "nvidia-230", name: "GRID T4-1Q", made: 20 },
  { type: "nvidia-231", name: "GRID T4-2Q", made: 15 },
  { type: "nvidia-232", name: "GRID T4-4Q", made: 10 },
  { type: "nvidia-233", name: "GRID T4-8Q", made: 5 },
] as const;

const MDEV_TYPES: readonly SimulatedMdevType[] = TYPES.map(({ type, name }) => ({
  type,
  name,
  description: "num_heads=4, frl_config=60, max_resolution=7680x4320, max_instance=16",
  availableInstances: 0,
}));

/** A virtual machine holds one in so many devices. */
const HELD_EVERY = 4;

/**
 * A host with 1,000 VFIO devices: mdevs of several types on several cards, and virtual functions. It is larger than any
 * real machine, so a scan takes long enough to measure.
 */
export function bigHost(): Scenario {
  const cards = times(CARDS, (card) => makeCard(card));
  const ports = times(PORTS, (port) => makePort(port));
  return {
    host: {
      name: "hv-big-01",
      kernel: "6.8.0-51-generic",
      bootId: "6f1d3a52-77f0-4c0e-8d0c-4c2f1a9b3e10",
      iommufd: true,
      iommuDirtyTracking: true,
      noiommu: false,
    },
    modules: [
      { name: "nvidia", version: "550.54.16", srcversion: "7C1E3A5F0B9D24E6A8F1C37" },
      { name: "nvidia_vgpu_vfio", version: "550.54.16", srcversion: "B2F4D60E9A173C58E0D7F41" },
      { name: "mlx5_core", version: null, srcversion: "C50F9A17E3B8264D01E6A9F" },
      { name: "mlx5_vfio_pci", version: null, srcversion: "8B3D60E9A173C58E0D7F412" },
    ],
    devices: [
      ...cards,
      ...cards.flatMap((card, i) =>
        times(MDEVS_PER_CARD, (n) => makeMdev(card, i * MDEVS_PER_CARD + n))
      ),
      ...ports,
      ...ports.flatMap((port, i) => times(VFS_PER_PORT, (n) => makeFunction(port, i, n))),
    ],
    processes: times(VFIO_DEVICES / HELD_EVERY, (n) => ({
      pid: 20_000 + n,
      comm: "qemu-system-x86",
      files: ["/dev/null", "/dev/kvm", "/dev/iommu", `/dev/vfio/devices/vfio${n * HELD_EVERY}`],
    })),
  };
}

function makeCard(card: number): SimulatedDevice {
  const bus = hex(0x10 + card);
  return pciFunction(`0000:${bus}:00.0`, header(0x10de, 0x1eb8, 0x030200), {
    directory: `pci0000:${bus}/0000:${bus}:00.0`,
    driver: "nvidia",
    iommuGroup: 10 + card,
    numaNode: card % 2,
    mdevTypes: MDEV_TYPES,
  });
}

function makeMdev(card: SimulatedDevice, n: number): SimulatedDevice {
  const id = `3a6f0d52-8c1e-4b7a-9f25-${n.toString(16).padStart(12, "0")}`;
  let left = n % MDEVS_PER_CARD;
  const { type } = TYPES.find(({ made }) => (left -= made) < 0)!;
  return {
    ...pciFunction(id, null, {
      directory: `${card.directory}/${id}`,
      driver: "nvidia-vgpu-vfio",
      iommuGroup: 1000 + n,
      numaNode: null,
      vfio: vfio(n, "emulated"),
    }),
    subsystem: { bus: "mdev" },
    mdevType: type,
  };
}

function makePort(port: number): SimulatedDevice {
  const bus = hex(0xc0 + port);
  return pciFunction(`0000:${bus}:00.0`, header(0x15b3, 0x1021, 0x020000), {
    directory: `pci0000:${bus}/0000:${bus}:00.0`,
    driver: "mlx5_core",
    iommuGroup: 40 + port,
    numaNode: port % 2,
    totalVfs: VFS_PER_PORT,
  });
}

function makeFunction(port: SimulatedDevice, i: number, n: number): SimulatedDevice {
  const bus = hex(0xc0 + i);
  const id = `0000:${bus}:${hex(1 + (n >> 3))}.${n & 7}`;
  const index = CARDS * MDEVS_PER_CARD + i * VFS_PER_PORT + n;
  return pciFunction(id, header(0x15b3, 0x101e, 0x020000), {
    directory: `pci0000:${bus}/${id}`,
    driver: "mlx5_vfio_pci",
    iommuGroup: 1000 + index,
    numaNode: port.numaNode,
    physfn: port.id,
    vfio: vfio(index, "physical"),
  });
}

function pciFunction(
  id: string,
  pci: PciHeader | null,
  rest:
    & Pick<SimulatedDevice, "directory" | "driver" | "iommuGroup" | "numaNode">
    & Partial<SimulatedDevice>,
): SimulatedDevice {
  return {
    id,
    subsystem: { bus: "pci" },
    pci,
    physfn: null,
    totalVfs: null,
    mdevTypes: [],
    mdevType: null,
    attributes: {},
    unreadable: [],
    vfio: null,
    ...rest,
  };
}

function header(vendor: number, device: number, deviceClass: number): PciHeader {
  return {
    vendor,
    device,
    subsystemVendor: vendor,
    subsystemDevice: 0x0041,
    revision: 0xa1,
    class: deviceClass,
    configBytes: 4096,
    bars: [],
    capabilities: [],
    extendedCapabilities: [],
  };
}

function vfio(index: number, iommu: SimulatedVfio["iommu"]): SimulatedVfio {
  return {
    index,
    api: "vfio-pci",
    iommu,
    guest: null,
    regionSizes: [],
    irqs: [],
    reset: "flagged",
    openErrno: null,
    migration: null,
    dirtyTracking: "absent",
  };
}

function times<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

function hex(value: number): string {
  return value.toString(16).padStart(2, "0");
}
