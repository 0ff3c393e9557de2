import { SysError } from "../../ffi/errno.ts";
import {
  VFIO_DEVICE_GET_REGION_INFO,
  vfio_info_cap_header,
  vfio_region_info,
  VFIO_REGION_INFO_CAP_MSIX_MAPPABLE,
  VFIO_REGION_INFO_CAP_SPARSE_MMAP,
  vfio_region_info_cap_sparse_mmap,
  VFIO_REGION_INFO_CAP_TYPE,
  vfio_region_info_cap_type,
  VFIO_REGION_INFO_FLAG_CAPS,
  VFIO_REGION_INFO_FLAG_MMAP,
  VFIO_REGION_INFO_FLAG_READ,
  VFIO_REGION_INFO_FLAG_WRITE,
  vfio_region_sparse_mmap_area,
} from "../../ffi/vfio.ts";
import type { DeviceHandle } from "../device/mod.ts";
import { Failure, type Region, type RegionCapability } from "../documents/mod.ts";

const PCI_NAMES = ["bar0", "bar1", "bar2", "bar3", "bar4", "bar5", "rom", "config", "vga"];

const FLAGS = [
  [VFIO_REGION_INFO_FLAG_READ, "read"],
  [VFIO_REGION_INFO_FLAG_WRITE, "write"],
  [VFIO_REGION_INFO_FLAG_MMAP, "mmap"],
] as const;

/** More than any driver returns, and small enough to allocate without further checks. */
const MAX_INFO_BYTES = 1 << 20;

/**
 * A region of the device with its capabilities. An index that the driver refuses is returned empty, with the errno:
 * vfio-pci returns EINVAL for regions that the device does not have.
 *
 * Source: `VFIO_DEVICE_GET_REGION_INFO`. Effect: none.
 */
export function readRegion(device: DeviceHandle, index: number, { pci }: { pci: boolean }): Region {
  const name = (pci ? PCI_NAMES[index] : undefined) ?? `region${index}`;
  try {
    const info = askRegion(device, index);
    const { flags, size, offset } = vfio_region_info.read(info);
    return {
      index,
      name,
      size: Number(size),
      offset: `0x${offset.toString(16)}`,
      flags: FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, word]) => word),
      capabilities: parseRegionCapabilities(info),
      errno: null,
    };
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    return { index, name, size: 0, offset: "0x0", flags: [], capabilities: [], errno: error.code };
  }
}

/** Asks a second time if the first answer needs more room. */
function askRegion({ sys, fd }: DeviceHandle, index: number): Uint8Array<ArrayBuffer> {
  const least = vfio_region_info.size;
  const info = vfio_region_info.make({ argsz: least, index });
  sys.ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, info);
  const { argsz } = vfio_region_info.read(info);
  if (argsz <= least) return info;
  if (argsz > MAX_INFO_BYTES) {
    throw new Failure("kernel", `Cannot read region ${index}: its info needs ${argsz} bytes`, {
      subject: `region ${index}`,
    });
  }
  const whole = vfio_region_info.make({ argsz, index }, argsz - least);
  sys.ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, whole);
  return whole;
}

/**
 * The capability chain after a region's info. The driver wrote the chain, so it is checked: it must advance, stay
 * inside the bytes and end. Otherwise throws a {@link Failure} with the offset.
 */
export function parseRegionCapabilities(info: Uint8Array): RegionCapability[] {
  const { flags, argsz, cap_offset } = vfio_region_info.read(info);
  if ((flags & VFIO_REGION_INFO_FLAG_CAPS) === 0) return [];
  const bytes = info.subarray(0, Math.min(argsz, info.length));
  const found: RegionCapability[] = [];
  let previous = vfio_region_info.size - 1;
  for (let at = cap_offset; at !== 0;) {
    if (at <= previous || at + vfio_info_cap_header.size > bytes.length) throw badChain(at);
    previous = at;
    const { id, next } = vfio_info_cap_header.read(bytes, at);
    found.push(parseCapability(bytes, at, id));
    at = next;
  }
  return found;
}

function parseCapability(bytes: Uint8Array, at: number, id: number): RegionCapability {
  switch (id) {
    case VFIO_REGION_INFO_CAP_TYPE: {
      if (at + vfio_region_info_cap_type.size > bytes.length) throw badChain(at);
      return { id, name: "type", ...vfio_region_info_cap_type.read(bytes, at) };
    }
    case VFIO_REGION_INFO_CAP_SPARSE_MMAP:
      return { id, name: "sparse-mmap", areas: parseAreas(bytes, at) };
    case VFIO_REGION_INFO_CAP_MSIX_MAPPABLE:
      return { id, name: "msix-mappable" };
    default:
      return { id, name: `capability-${id}` };
  }
}

function parseAreas(bytes: Uint8Array, at: number): { offset: number; size: number }[] {
  const head = vfio_region_info_cap_sparse_mmap.size;
  if (at + head > bytes.length) throw badChain(at);
  const { nr_areas } = vfio_region_info_cap_sparse_mmap.read(bytes, at);
  if (at + head + nr_areas * vfio_region_sparse_mmap_area.size > bytes.length) throw badChain(at);
  return Array.from({ length: nr_areas }, (_, i) => {
    const area = vfio_region_sparse_mmap_area.read(
      bytes,
      at + head + i * vfio_region_sparse_mmap_area.size,
    );
    return { offset: Number(area.offset), size: Number(area.size) };
  });
}

function badChain(at: number): Failure {
  return new Failure(
    "kernel",
    `Cannot read a region's capabilities: the chain is malformed at offset ${at}`,
    { subject: "region capabilities" },
  );
}
