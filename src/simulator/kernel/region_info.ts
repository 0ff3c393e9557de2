import type { Bytes } from "../../../ffi/syscalls.ts";
import {
  vfio_info_cap_header,
  vfio_region_info,
  VFIO_REGION_INFO_FLAG_CAPS,
} from "../../../ffi/vfio.ts";
import { type Argument, bytesOf, readSized } from "./argument.ts";
import type { DeviceState } from "./kernel.ts";
import { refuse } from "./refusal.ts";
import { OFFSET_SHIFT, type RegionCapability, regionsOf } from "./regions.ts";

/**
 * `VFIO_DEVICE_GET_REGION_INFO`. If `argsz` leaves no room for the capabilities, the flag is set, the offset stays 0
 * and `argsz` returns the required size.
 */
export function getRegionInfo(device: DeviceState, argument: Argument): void {
  const { index, argsz } = readSized(vfio_region_info, argument);
  const region = regionsOf(device.vfio)[index] ?? refuse("EINVAL");
  const chain = capabilityChain(region.capabilities, vfio_region_info.size);
  const needed = vfio_region_info.size + chain.length;
  const fits = chain.length > 0 && argsz >= needed;
  const bytes = bytesOf(argument, fits ? needed : vfio_region_info.size);
  vfio_region_info.write(bytes, {
    argsz: Math.max(argsz, needed),
    flags: region.flags | (chain.length > 0 ? VFIO_REGION_INFO_FLAG_CAPS : 0),
    cap_offset: fits ? vfio_region_info.size : 0,
    size: BigInt(region.size),
    offset: BigInt(index) << OFFSET_SHIFT,
  });
  if (fits) bytes.set(chain, vfio_region_info.size);
}

/** A chain of capabilities, each aligned to 8 bytes. `next` is relative to the struct's start. */
function capabilityChain(capabilities: readonly RegionCapability[], start: number): Bytes {
  const { size } = vfio_info_cap_header;
  const lengths = capabilities.map(({ body }) => Math.ceil((size + body.length) / 8) * 8);
  const chain = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  capabilities.forEach(({ id, body }, i) => {
    const end = offset + lengths[i]!;
    const next = i + 1 < capabilities.length ? start + end : 0;
    vfio_info_cap_header.write(chain, { id, version: 1, next }, offset);
    chain.set(body, offset + size);
    offset = end;
  });
  return chain;
}
