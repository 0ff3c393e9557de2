import type { PciBar } from "../../documents/mod.ts";
import {
  addExtendedCapabilities,
  addStandardCapabilities,
  listCapabilities,
} from "./qemu_pci_capabilities.ts";
import {
  type Capability,
  PCI_CONFIG_SPACE_SIZE,
  PCIE_CONFIG_SPACE_SIZE,
  type QemuPciDevice,
  setLong,
  setWord,
} from "./qemu_pci_device.ts";
import type { QemuSetting } from "./qemu_setting.ts";

/** Offsets in a header of type 0. Source: `<linux/pci_regs.h>`. */
const PCI_VENDOR_ID = 0x00;
const PCI_COMMAND = 0x04;
const PCI_STATUS = 0x06;
const PCI_REVISION_ID = 0x08;
const PCI_CACHE_LINE_SIZE = 0x0c;
const PCI_HEADER_TYPE = 0x0e;
const PCI_BASE_ADDRESS_0 = 0x10;
const PCI_ROM_ADDRESS = 0x30;
const PCI_CAPABILITY_LIST = 0x34;
const PCI_INTERRUPT_LINE = 0x3c;
const PCI_CONFIG_HEADER_SIZE = 0x40;
const PCI_HEADER_TYPE_MULTI_FUNCTION = 0x80;
const PCI_STATUS_CAP_LIST = 0x10;

/** A configuration space, and its base address registers with the sizes of their regions. */
export interface PciSource {
  space: Uint8Array;
  bars: readonly PciBar[];
}

/**
 * The configuration space and the masks that QEMU gives to a vfio-pci device.
 *
 * Left out, because they are the same on both sides or such devices are not migrated: properties that change
 * identifiers (such as `x-pci-vendor-id`, `multifunction=on`), capabilities that QEMU adds (NVIDIA GPUDirect, Intel
 * VMD), quirks of integrated graphics, and the option ROM.
 *
 * Source: QEMU 7.2, 10.0.13, 10.2.2: hw/pci/pci.c (`pci_init_cmask`, `pci_init_wmask`, `pci_init_w1cmask`,
 * `pci_register_bar`), hw/vfio/pci.c (`vfio_populate_device`, `vfio_realize`, `vfio_bar_prepare`).
 */
export function openAsQemu(source: PciSource, setting: QemuSetting): QemuPciDevice {
  const bare = BARE.get(source) ?? makeBare(source);
  BARE.set(source, bare);
  const { config, cmask, wmask, w1cmask } = bare.device;
  const device: QemuPciDevice = {
    config: config.slice(),
    cmask: cmask.slice(),
    wmask: wmask.slice(),
    w1cmask,
    used: new Uint8Array(config.length),
    problem: null,
  };
  if (bare.capabilities === null) return device;
  addStandardCapabilities(device, bare.capabilities, { setting, bars: source.bars });
  if (device.problem === null) addExtendedCapabilities(device, setting);
  return device;
}

/** A device before QEMU adds its capabilities. It is the same in every setting. */
interface BareDevice {
  device: Omit<QemuPciDevice, "used" | "problem">;
  /** The list at 0x34. Null if there is none. */
  capabilities: readonly Capability[] | null;
}

const BARE = new WeakMap<PciSource, BareDevice>();

function makeBare({ space, bars }: PciSource): BareDevice {
  const size = configSizeOf(space);
  const device = {
    config: new Uint8Array(size),
    cmask: new Uint8Array(size),
    wmask: new Uint8Array(size),
    w1cmask: new Uint8Array(size),
  };
  const { config } = device;
  initMasks(device);
  config.set(space.subarray(0, size));
  config[PCI_HEADER_TYPE]! &= ~PCI_HEADER_TYPE_MULTI_FUNCTION;
  config.fill(0, PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_0 + 24);
  config.fill(0, PCI_ROM_ADDRESS, PCI_ROM_ADDRESS + 4);
  for (const bar of bars) registerBar(device, bar, space);
  const hasList = (config[PCI_STATUS]! & PCI_STATUS_CAP_LIST) !== 0 &&
    config[PCI_CAPABILITY_LIST] !== 0;
  return { device, capabilities: hasList ? listCapabilities(config) : null };
}

/** QEMU treats a device as conventional only if the region has exactly 256 bytes. */
export function configSizeOf(space: Uint8Array): number {
  return space.length === PCI_CONFIG_SPACE_SIZE ? PCI_CONFIG_SPACE_SIZE : PCIE_CONFIG_SPACE_SIZE;
}

/** Whether two sources send the same number of bytes. */
export function haveSameSize(a: PciSource, b: PciSource): boolean {
  return configSizeOf(a.space) === configSizeOf(b.space);
}

function initMasks({ cmask, wmask, w1cmask }: BareDevice["device"]): void {
  cmask.fill(0xff, PCI_VENDOR_ID, PCI_VENDOR_ID + 4);
  cmask[PCI_STATUS] = PCI_STATUS_CAP_LIST;
  cmask.fill(0xff, PCI_REVISION_ID, PCI_REVISION_ID + 4);
  cmask[PCI_HEADER_TYPE] = 0xff;
  cmask[PCI_CAPABILITY_LIST] = 0xff;
  wmask[PCI_CACHE_LINE_SIZE] = 0xff;
  wmask[PCI_INTERRUPT_LINE] = 0xff;
  setWord(wmask, PCI_COMMAND, 0x0507);
  wmask.fill(0xff, PCI_CONFIG_HEADER_SIZE);
  setWord(w1cmask, PCI_STATUS, 0xf900);
}

/** Adds a register with a region. Its kind is compared, its address is not. */
function registerBar(
  { config, cmask, wmask }: BareDevice["device"],
  bar: PciBar,
  space: Uint8Array,
) {
  const at = PCI_BASE_ADDRESS_0 + 4 * bar.index;
  const isIo = (space[at]! & 1) !== 0;
  config[at] = space[at]! & (isIo ? 0x3 : 0xf);
  const is64 = !isIo && (space[at]! & 4) !== 0;
  cmask.fill(0xff, at, at + (is64 ? 8 : 4));
  setLong(wmask, at, -bar.size);
  if (is64) setLong(wmask, at + 4, Math.floor(-bar.size / 2 ** 32));
}
