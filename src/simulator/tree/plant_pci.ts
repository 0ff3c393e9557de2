import { configSpace, virtualFunctionConfig } from "../pci_config_space.ts";
import type { PciHeader, SimulatedBar, SimulatedDevice } from "../scenario.ts";
import { devicePath } from "../topology.ts";
import type { Tree } from "./tree.ts";

/** `resource` has a line for each BAR, the ROM, and each BAR of virtual functions. */
const RESOURCES = 13;

/** `IORESOURCE_*` flags by what a BAR decodes. Source: `<linux/ioport.h>`. */
const RESOURCE_FLAGS = { io: 0x40101, mem32: 0x40200, mem64: 0x140204 } as const;
/** `IORESOURCE_PREFETCH`, and the bit of the register itself. */
const PREFETCH_FLAGS = 0x2008;

/** A PCI function's text attributes, as written in sysfs. Empty for a device on another bus. */
export function pciAttributes(device: SimulatedDevice): Readonly<Record<string, string>> {
  const { pci } = device;
  if (pci === null) return {};
  return {
    vendor: hex(pci.vendor, 4),
    device: hex(pci.device, 4),
    subsystem_vendor: hex(pci.subsystemVendor, 4),
    subsystem_device: hex(pci.subsystemDevice, 4),
    revision: hex(pci.revision, 2),
    class: hex(pci.class, 6),
    modalias: modaliasOf(pci),
    resource: resourceText(pci),
  };
}

export function plantConfig(sys: Tree, device: SimulatedDevice): void {
  if (device.pci === null) return;
  const space = device.physfn === null ? configSpace : virtualFunctionConfig;
  sys.bytes(`${devicePath(device)}/config`, space(device.pci));
}

function resourceText(pci: PciHeader): string {
  const lines = Array.from({ length: RESOURCES }, (_, index) => {
    const bar = pci.bars.find((bar) => bar.index === index);
    return (bar === undefined ? [0, 0, 0] : resourceOf(bar)).map((n) => hex(n, 16)).join(" ");
  });
  return lines.join("\n");
}

function resourceOf({ address, size, kind, prefetchable }: SimulatedBar): number[] {
  const flags = RESOURCE_FLAGS[kind] + (prefetchable ? PREFETCH_FLAGS : 0);
  return [address, address + size - 1, flags];
}

/** `modalias`: ids in upper case, the class in lower case. */
function modaliasOf(pci: PciHeader): string {
  const id = (value: number) => value.toString(16).toUpperCase().padStart(8, "0");
  const byte = (value: number) => (value & 0xff).toString(16).padStart(2, "0");
  return `pci:v${id(pci.vendor)}d${id(pci.device)}` +
    `sv${id(pci.subsystemVendor)}sd${id(pci.subsystemDevice)}` +
    `bc${byte(pci.class >> 16)}sc${byte(pci.class >> 8)}i${byte(pci.class)}`;
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}
