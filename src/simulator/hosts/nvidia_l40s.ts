import type { SimulatedDevice } from "../scenario.ts";
import { migrationV2, pciFunction, type Place, virtualFunction } from "./device_parts.ts";
import { bar, GIB, MIB, msi, msix, pciExpress, pciHeader } from "./pci_parts.ts";

/** Gigabytes of framebuffer of the series Q and A, in the order of the numbers. */
const SIZES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 48];
/** The types of an L40S: the number, and a name of the gigabytes of framebuffer and the series. */
const TYPES: readonly (readonly [id: number, name: string])[] = [
  [1145, "1B"],
  [1146, "2B"],
  ...SIZES.map((size, i) => [1147 + i, `${size}Q`] as const),
  ...SIZES.map((size, i) => [1157 + i, `${size}A`] as const),
];

const FIRST_VF_OFFSET = 4;

/** The setting of each function of a card: a type's number, or 0 for none. */
export interface L40sFunctions {
  readonly current: readonly number[];
  readonly firstGroup: number;
  readonly firstIndex: number;
}

/**
 * An L40S whose virtual functions get their types through `nvidia/current_vgpu_type`. A function registers with VFIO
 * with or without a type. Opening one without a type gives ENODEV.
 */
export function l40s(place: Place & { address: number }, functions: L40sFunctions) {
  const card = pciFunction(place, header("10de:26b9", "10de:1851", place.address), {
    driver: "nvidia",
    totalVfs: 32,
  });
  return [card, ...functions.current.map((_, i) => vgpuFunction(card, functions, i))];
}

function header(ids: string, subsystem: string, address: number) {
  return pciHeader(ids, subsystem, {
    class: 0x030200,
    revision: 0xa1,
    bars: [
      bar(0, "mem64", 16 * MIB, { address: address + 64 * GIB }),
      bar(2, "mem64", 64 * GIB, { address, mmap: "msix" }),
    ],
    capabilities: [msi(0x68), pciExpress(0x78), msix(0xc8, 6, 2)],
    extendedCapabilities: [[0x0e, 0x100], [0x01, 0x420], [0x10, 0xbcc]],
  });
}

function vgpuFunction(
  card: SimulatedDevice,
  { current, firstGroup, firstIndex }: L40sFunctions,
  i: number,
): SimulatedDevice {
  const type = current[i]!;
  const vf = virtualFunction(card, {
    offset: FIRST_VF_OFFSET + i,
    iommuGroup: firstGroup + i,
    driver: "nvidia",
    index: firstIndex + i,
    vfio: {
      openErrno: type === 0 ? "ENODEV" : null,
      migration: migrationV2(["stop-copy"], { stopCopyBytes: 8 * MIB }),
    },
  }, functionHeader(0x3a00_0000_0000 + i * 4 * GIB));
  const attributes = {
    "nvidia/current_vgpu_type": String(type),
    "nvidia/creatable_vgpu_types": creatableText(type === 0 ? creatable(current) : []),
  };
  return { ...vf, attributes };
}

function functionHeader(address: number) {
  return pciHeader("10de:26b9", "10de:0000", {
    class: 0x030200,
    revision: 0xa1,
    bars: [
      bar(0, "mem64", 256 * 1024, { address, prefetchable: false }),
      bar(2, "mem64", 2 * GIB, { address: address + 2 * GIB, mmap: "msix" }),
    ],
    capabilities: [pciExpress(0x40), msix(0x7c, 3, 2)],
    extendedCapabilities: [[0x0e, 0x100]],
  });
}

/** Equal sizes only: a card with one type can create no other size. */
function creatable(current: readonly number[]) {
  const used = TYPES.find(([id]) => current.includes(id));
  return TYPES.filter(([, name]) => used === undefined || parseInt(name) === parseInt(used[1]));
}

function creatableText(types: readonly (readonly [number, string])[]): string {
  const lines = types.map(([id, name]) => `${String(id).padEnd(5)} : NVIDIA L40S-${name}`);
  return ["ID    : vGPU Name", ...lines].join("\n");
}
