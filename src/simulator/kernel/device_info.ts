import {
  VFIO_DEVICE_FLAGS_PCI,
  VFIO_DEVICE_FLAGS_PLATFORM,
  VFIO_DEVICE_FLAGS_RESET,
  vfio_device_info,
  vfio_irq_info,
} from "../../../ffi/vfio.ts";
import { type Argument, readSized, reply } from "./argument.ts";
import type { DeviceState } from "./kernel.ts";
import { resetRegisters } from "./migration_v1.ts";
import { resetMigration } from "./migration_v2.ts";
import { refuse } from "./refusal.ts";
import { regionsOf } from "./regions.ts";

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

/** `VFIO_DEVICE_GET_IRQ_INFO`. */
export function getIrqInfo(device: DeviceState, argument: Argument): void {
  const { index } = readSized(vfio_irq_info, argument);
  const count = device.vfio.irqs[index] ?? refuse("EINVAL");
  reply(vfio_irq_info, argument, { flags: VFIO_IRQ_INFO_EVENTFD, count });
}

/** `VFIO_DEVICE_RESET`: returns to RUNNING from any state, and disables every data descriptor. */
export function resetDevice(device: DeviceState): void {
  if (device.vfio.reset === "absent") refuse("EINVAL");
  resetMigration(device);
  resetRegisters(device);
}
