import {
  VFIO_PCI_CONFIG_REGION_INDEX,
  VFIO_PCI_NUM_REGIONS,
  VFIO_PCI_ROM_REGION_INDEX,
  VFIO_REGION_INFO_CAP_MSIX_MAPPABLE,
  VFIO_REGION_INFO_CAP_SPARSE_MMAP,
  vfio_region_info_cap_sparse_mmap,
  VFIO_REGION_INFO_CAP_TYPE,
  vfio_region_info_cap_type,
  VFIO_REGION_INFO_FLAG_MMAP,
  VFIO_REGION_INFO_FLAG_READ,
  VFIO_REGION_INFO_FLAG_WRITE,
  vfio_region_sparse_mmap_area,
} from "../../../ffi/vfio.ts";
import {
  VFIO_REGION_SUBTYPE_MIGRATION_DEPRECATED,
  VFIO_REGION_TYPE_MIGRATION_DEPRECATED,
} from "../../../ffi/vfio_migration.ts";
import type { MigrationV1, PciHeader, SimulatedBar, SimulatedVfio } from "../scenario.ts";

/** A region as described by `VFIO_DEVICE_GET_REGION_INFO`. */
export interface Region {
  readonly size: number;
  readonly flags: number;
  readonly capabilities: readonly RegionCapability[];
}

/** A capability: the part after the header. */
export interface RegionCapability {
  readonly id: number;
  readonly body: Uint8Array;
}

/** `VFIO_PCI_OFFSET_SHIFT`: the position of a region in the device's file. */
export const OFFSET_SHIFT = 40n;

const READ_WRITE = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
const EMPTY: Region = { size: 0, flags: 0, capabilities: [] };
const HEADER_BYTES = 8;

/** A device's regions by index. Null for an index that the kernel refuses. */
export function regionsOf(vfio: SimulatedVfio): readonly (Region | null)[] {
  if (vfio.guest === null) return vfio.regionSizes.map((size) => mappable(size));
  const v1 = vfio.migration?.uapi === "v1" ? [migrationRegion(vfio.migration)] : [];
  return [...pciRegions(vfio.guest), ...v1];
}

/** BARs, expansion ROM, configuration. No function here decodes VGA, so that index is refused. */
function pciRegions(header: PciHeader): (Region | null)[] {
  const regions = new Array<Region | null>(VFIO_PCI_NUM_REGIONS).fill(null);
  regions.fill(EMPTY, 0, VFIO_PCI_ROM_REGION_INDEX + 1);
  for (const bar of header.bars) regions[bar.index] = barRegion(bar);
  regions[VFIO_PCI_CONFIG_REGION_INDEX] = unmappable(header.configBytes);
  return regions;
}

function barRegion({ size, mmap }: SimulatedBar): Region {
  if (mmap === "none") return unmappable(size);
  if (mmap === "whole") return mappable(size);
  if (mmap !== "msix") return mappable(size, sparseMmap(mmap));
  return mappable(size, { id: VFIO_REGION_INFO_CAP_MSIX_MAPPABLE, body: new Uint8Array() });
}

function unmappable(size: number): Region {
  return { size, flags: READ_WRITE, capabilities: [] };
}

function mappable(size: number, ...capabilities: readonly RegionCapability[]): Region {
  return { size, flags: READ_WRITE | VFIO_REGION_INFO_FLAG_MMAP, capabilities };
}

function sparseMmap(areas: readonly (readonly [number, number])[]): RegionCapability {
  const { size } = vfio_region_info_cap_sparse_mmap;
  const bytes = vfio_region_info_cap_sparse_mmap.make(
    { nr_areas: areas.length },
    areas.length * vfio_region_sparse_mmap_area.size,
  );
  areas.forEach(([offset, length], i) => {
    const area = { offset: BigInt(offset), size: BigInt(length) };
    vfio_region_sparse_mmap_area.write(bytes, area, size + i * vfio_region_sparse_mmap_area.size);
  });
  return { id: VFIO_REGION_INFO_CAP_SPARSE_MMAP, body: bytes.subarray(HEADER_BYTES) };
}

/** The v1 region: first the registers, then the data. Only the data may be mapped. */
function migrationRegion({ dataOffset, dataBytes }: MigrationV1): Region {
  const type = vfio_region_info_cap_type.make({
    type: VFIO_REGION_TYPE_MIGRATION_DEPRECATED,
    subtype: VFIO_REGION_SUBTYPE_MIGRATION_DEPRECATED,
  });
  return mappable(
    dataOffset + dataBytes,
    { id: VFIO_REGION_INFO_CAP_TYPE, body: type.subarray(HEADER_BYTES) },
    sparseMmap([[dataOffset, dataBytes]]),
  );
}
