import type { SimulatedDevice, SimulatedMdevType, SimulatedVfio } from "../scenario.ts";
import { mdev, migrationV2, pciFunction, type Place, vfioPci } from "./device_parts.ts";
import {
  bar,
  MIB,
  msi,
  msix,
  pciExpress,
  pciHeader,
  powerManagement,
  vendorSpecific,
} from "./pci_parts.ts";

/** A Tesla T4's memory. Its virtual GPUs share it in equal parts. */
const FRAMEBUFFER_MIB = 16 * 1024;
/** A stream has a thousandth of the real framebuffer's size, to keep tests fast. */
const STREAM_BYTES_PER_MIB = 1024;

/** The properties of each series of virtual GPU: heads, frame rate limit, resolution. */
const SERIES = {
  A: "num_heads=1, frl_config=60",
  B: "num_heads=4, frl_config=45",
  C: "num_heads=1, frl_config=60",
  Q: "num_heads=4, frl_config=60",
} as const;

/** The types of a T4: number, name, resolution, and the subsystem that a guest sees. */
const TYPES:
  readonly (readonly [id: number, name: string, resolution: string, subsystem: number])[] = [
    [222, "1B", "5120x2880", 0x1309],
    [223, "2B", "5120x2880", 0x130a],
    [224, "2B4", "5120x2880", 0x130b],
    [225, "1A", "1280x1024", 0x1311],
    [226, "2A", "1280x1024", 0x1312],
    [227, "4A", "1280x1024", 0x1313],
    [228, "8A", "1280x1024", 0x1314],
    [229, "16A", "1280x1024", 0x1315],
    [230, "1Q", "5120x2880", 0x130c],
    [231, "2Q", "7680x4320", 0x130d],
    [232, "4Q", "7680x4320", 0x130e],
    [233, "8Q", "7680x4320", 0x130f],
    [234, "16Q", "7680x4320", 0x1310],
    [252, "1B4", "5120x2880", 0x1345],
    [319, "4C", "4096x2160", 0x1375],
    [320, "8C", "4096x2160", 0x1376],
    [321, "16C", "4096x2160", 0x1377],
  ];

/** The virtual GPUs of a card, all of one type: their UUIDs, and where their groups and VFIO numbers begin. */
export interface VirtualGpus {
  readonly type: number;
  readonly ids: readonly string[];
  readonly firstGroup: number;
  readonly firstIndex: number;
}

/** The addresses where the host mapped a card: registers below 4 GiB, the rest above. */
export interface CardWindows {
  readonly low: number;
  readonly high: number;
}

/** A card that offers all its types, and its virtual GPUs of one type. */
export function teslaT4(
  place: Place,
  windows: CardWindows,
  { type, ids, firstGroup, firstIndex }: VirtualGpus,
): SimulatedDevice[] {
  const mdevTypes = typesOf(type, ids.length);
  const card = pciFunction(place, cardHeader(windows), { driver: "nvidia", mdevTypes });
  const gpus = ids.map((id, i) =>
    mdev(card, { id, iommuGroup: firstGroup + i, type: `nvidia-${type}` }, {
      driver: "nvidia-vgpu-vfio",
      vfio: virtualGpu(type, firstIndex + i),
    })
  );
  return [card, ...gpus];
}

function cardHeader({ low, high }: CardWindows) {
  return pciHeader("10de:1eb8", "10de:12a2", {
    class: 0x030200,
    revision: 0xa1,
    bars: [
      bar(0, "mem32", 16 * MIB, { address: low }),
      bar(1, "mem64", 256 * MIB, { address: high }),
      bar(3, "mem64", 32 * MIB, { address: high + 256 * MIB }),
    ],
    capabilities: [powerManagement(0x60), msi(0x68), pciExpress(0x78), msix(0xc8, 6, 0)],
    extendedCapabilities: [[0x0002, 0x100], [0x0018, 0x250], [0x0001, 0x420]],
  });
}

/** The vendor's driver tracks dirty pages, and sends no initial data that could be checked early. */
function virtualGpu(type: number, index: number): SimulatedVfio {
  const [, name, , subsystem] = typeOf(type);
  return vfioPci(index, guestHeader(subsystem), {
    iommu: "emulated",
    migration: migrationV2(["stop-copy"], {
      stopCopyBytes: framebufferMib(name) * STREAM_BYTES_PER_MIB,
    }),
    dirtyTracking: "works",
  });
}

function guestHeader(subsystem: number) {
  return pciHeader("10de:1eb8", `10de:${subsystem.toString(16)}`, {
    class: 0x030000,
    revision: 0xa1,
    configBytes: 256,
    bars: [
      bar(0, "mem32", 16 * MIB, { mmap: [[0, 0x90000], [0xa0000, 0xf60000]] }),
      bar(1, "mem64", 256 * MIB),
      bar(3, "mem64", 32 * MIB, { mmap: [[0, 0x1000000]] }),
    ],
    capabilities: [msi(0x68), vendorSpecific(0xb0, 0x14)],
  });
}

/** Equal parts only: once a virtual GPU exists, types of other sizes have no instances left. */
function typesOf(created: number, count: number): SimulatedMdevType[] {
  const size = framebufferMib(typeOf(created)[1]);
  return TYPES.map(([id, name, resolution]) => {
    const framebuffer = framebufferMib(name);
    const most = FRAMEBUFFER_MIB / framebuffer;
    const left = framebuffer === size ? most - count : 0;
    return {
      type: `nvidia-${id}`,
      name: `GRID T4-${name}`,
      description: `${seriesOf(name)}, framebuffer=${framebuffer}M, ` +
        `max_resolution=${resolution}, max_instance=${most}`,
      availableInstances: count === 0 ? most : left,
    };
  });
}

function typeOf(id: number) {
  return TYPES.find((type) => type[0] === id)!;
}

function framebufferMib(name: string): number {
  return parseInt(name) * 1024;
}

function seriesOf(name: string): string {
  return SERIES[name.replace(/^\d+/, "").charAt(0) as keyof typeof SERIES];
}
