import type { Bytes } from "../../../ffi/syscalls.ts";
import { VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_NUM_REGIONS } from "../../../ffi/vfio.ts";
import { writableBits } from "../pci_config_space.ts";
import type { DeviceState } from "./kernel.ts";
import { readRegisters, writeRegisters } from "./migration_v1.ts";
import { refuse } from "./refusal.ts";
import { OFFSET_SHIFT, regionsOf } from "./regions.ts";

const OFFSET_MASK = (1n << OFFSET_SHIFT) - 1n;

/** Reads a device's file at an offset: configuration and migration region. BARs read as zeros. */
export function readRegion(device: DeviceState, buffer: Bytes, at: bigint): number {
  const { index, region, offset } = placeOf(device, at);
  const length = Math.min(buffer.length, region.size - offset);
  const into = buffer.subarray(0, length);
  if (isConfig(device, index)) into.set(device.config.subarray(offset, offset + length));
  else if (isMigration(device, index)) readRegisters(device, into, offset);
  else into.fill(0);
  return length;
}

/** Writes there: the configuration keeps what a guest may write, the migration region acts, BARs ignore writes. */
export function writeRegion(device: DeviceState, buffer: Bytes, at: bigint): number {
  const { index, region, offset } = placeOf(device, at);
  const from = buffer.subarray(0, region.size - offset);
  if (isConfig(device, index)) writeConfig(device, from, offset);
  else if (isMigration(device, index)) writeRegisters(device, from, offset);
  return from.length;
}

function writeConfig({ vfio, config }: DeviceState, from: Bytes, offset: number): void {
  const writable = writableBits(vfio.guest!);
  from.forEach((byte, i) => {
    const mask = writable[offset + i]!;
    config[offset + i] = (config[offset + i]! & ~mask) | (byte & mask);
  });
}

function placeOf(device: DeviceState, at: bigint) {
  const index = Number(at >> OFFSET_SHIFT);
  const offset = Number(at & OFFSET_MASK);
  const region = regionsOf(device.vfio)[index] ?? refuse("EINVAL");
  if (offset >= region.size) refuse("EINVAL");
  return { index, region, offset };
}

function isConfig({ vfio }: DeviceState, index: number): boolean {
  return vfio.guest !== null && index === VFIO_PCI_CONFIG_REGION_INDEX;
}

function isMigration({ vfio }: DeviceState, index: number): boolean {
  return vfio.guest !== null && index >= VFIO_PCI_NUM_REGIONS;
}
