import type { Bytes } from "../../../ffi/syscalls.ts";
import {
  VFIO_DEVICE_FLAGS_PCI,
  VFIO_DEVICE_FLAGS_PLATFORM,
  VFIO_DEVICE_FLAGS_RESET,
  vfio_device_info,
  vfio_info_cap_header,
  vfio_irq_info,
  vfio_region_info,
  VFIO_REGION_INFO_FLAG_CAPS,
} from "../../../ffi/vfio.ts";
import { type Argument, bytesOf, readSized, reply } from "./argument.ts";
import type { DeviceState } from "./kernel.ts";
import { resetRegisters } from "./migration_v1.ts";
import { resetMigration } from "./migration_v2.ts";
import { refuse } from "./refusal.ts";
import { OFFSET_SHIFT, type RegionCapability, regionsOf } from "./regions.ts";

const API_FLAGS = {
  "vfio-pci": VFIO_DEVICE_FLAGS_PCI,
  "vfio-platform": VFIO_DEVICE_FLAGS_PLATFORM,
} as const;

/** Up to `num_irqs`: the size before capabilities were added. */
const DEVICE_INFO_LEAST = 20;
const VFIO_IRQ_INFO_EVENTFD = 1 << 0;

/** `VFIO_DEVICE_GET_INFO`. */
export function getDeviceInfo(device: DeviceState, argument: Argument): void {
  readSized(vfio_device_info, argument, DEVICE_INFO_LEAST);
  const { api, reset, irqs } = device.vfio;
  const flags = API_FLAGS[api] | (reset === "flagged" ? VFIO_DEVICE_FLAGS_RESET : 0);
  reply(vfio_device_info, argument, {
    flags,
    num_regions: regionsOf(device.vfio).length,
    num_irqs: irqs.length,
    cap_offset: 0,
  });
}

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

/** `VFIO_DEVICE_GET_IRQ_INFO`. */
export function getIrqInfo(device: DeviceState, argument: Argument): void {
  const { index } = readSized(vfio_irq_info, argument);
  const count = device.vfio.irqs[index] ?? refuse("EINVAL");
  reply(vfio_irq_info, argument, { flags: VFIO_IRQ_INFO_EVENTFD, count });
}

/** `VFIO_DEVICE_RESET`: returns to RUNNING from any state, and disables every data descriptor. */
export function resetDevice(device: DeviceState): void {
  resetMigration(device);
  resetRegisters(device);
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
