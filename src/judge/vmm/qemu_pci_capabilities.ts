import type { PciBar } from "../../documents/mod.ts";
import {
  addCapability,
  type Capability,
  getLong,
  getWord,
  PCI_CONFIG_SPACE_SIZE,
  PCIE_CONFIG_SPACE_SIZE,
  type QemuPciDevice,
  setLong,
  setWord,
} from "./qemu_pci_device.ts";
import { addExpressCapability, addMsi, addMsix, addPowerManagement } from "./qemu_pci_registers.ts";
import type { QemuSetting } from "./qemu_setting.ts";

const PCI_CAPABILITY_LIST = 0x34;
const PCI_CAP_LIST_NEXT = 1;

const PCI_CAP_ID_PM = 0x01;
const PCI_CAP_ID_MSI = 0x05;
const PCI_CAP_ID_VNDR = 0x09;
const PCI_CAP_ID_EXP = 0x10;
const PCI_CAP_ID_MSIX = 0x11;

const PCI_EXT_CAP_ID_ARI = 0x0e;
const PCI_EXT_CAP_ID_SRIOV = 0x10;
const PCI_EXT_CAP_ID_REBAR = 0x15;
/** The placeholder at the head of the extended list until its capabilities are known. */
const STUB_ID = 0xffff;

/**
 * Rebuilds the list of capabilities as QEMU does, from its end. A capability that is left out is in no chain.
 *
 * Source: QEMU, hw/vfio/pci.c `vfio_add_std_cap`, `vfio_std_cap_max_size`, `vfio_add_vendor_specific_cap`.
 */
export function addStandardCapabilities(
  device: QemuPciDevice,
  found: readonly Capability[],
  { setting, bars }: { setting: QemuSetting; bars: readonly PciBar[] },
): void {
  device.config[PCI_CAPABILITY_LIST] = 0;
  for (const capability of found.toReversed()) {
    const { id, at, size } = capability;
    switch (id) {
      case PCI_CAP_ID_PM:
        addPowerManagement(device, capability, setting);
        break;
      case PCI_CAP_ID_MSI:
        addMsi(device, capability);
        break;
      case PCI_CAP_ID_EXP:
        addExpressCapability(device, capability, setting);
        break;
      case PCI_CAP_ID_MSIX:
        addMsix(device, capability, bars);
        break;
      case PCI_CAP_ID_VNDR:
        addCapability(device, capability);
        if (!setting.checksVendorSpecific && size > 3) device.cmask.fill(0, at + 3, at + size);
        break;
      default:
        addCapability(device, capability);
    }
    if (device.problem !== null) return;
  }
}

/** The device's chain at 0x34. A circular chain ends where it closes. */
export function listCapabilities(config: Uint8Array): Capability[] {
  const places: number[] = [];
  for (
    let at = config[PCI_CAPABILITY_LIST]!;
    at !== 0 && !places.includes(at);
    at = config[at + PCI_CAP_LIST_NEXT]!
  ) {
    places.push(at);
  }
  return places.map((at) => ({ id: config[at]!, at, size: sizeAt(at, places, 256) }));
}

/** The distance to the next place, or to the end. */
function sizeAt(at: number, places: readonly number[], end: number): number {
  let next = end;
  for (const place of places) if (place > at && place < next) next = place;
  return next - at;
}

/**
 * Rebuilds the list of extended capabilities, without those that QEMU hides from the guest.
 *
 * Source: QEMU, hw/vfio/pci.c `vfio_add_ext_cap`, `vfio_setup_rebar_ecap`; hw/pci/pcie.c `pcie_add_capability`.
 */
export function addExtendedCapabilities(device: QemuPciDevice, setting: QemuSetting): void {
  const { config, wmask, cmask } = device;
  if (config.length !== PCIE_CONFIG_SPACE_SIZE || setting.bus === "conventional") return;
  if (getLong(config, PCI_CONFIG_SPACE_SIZE) === 0) return;
  const found = listExtended(config);
  setLong(config, PCI_CONFIG_SPACE_SIZE, STUB_ID);
  wmask.fill(0, PCI_CONFIG_SPACE_SIZE, PCI_CONFIG_SPACE_SIZE + 4);
  let last = PCI_CONFIG_SPACE_SIZE;
  for (const { id, version, at, size } of found) {
    if (isHidden(device, { id, at }, setting)) continue;
    if (at !== PCI_CONFIG_SPACE_SIZE) {
      setLong(config, last, getLong(config, last) & 0xfffff | at << 20);
    }
    setLong(config, at, id | version << 16);
    wmask.fill(0, at, at + size);
    cmask.fill(0xff, at, at + size);
    last = at;
  }
  if (getWord(config, PCI_CONFIG_SPACE_SIZE) === STUB_ID) setWord(config, PCI_CONFIG_SPACE_SIZE, 0);
}

function listExtended(config: Uint8Array): (Capability & { version: number })[] {
  const headers: { at: number; header: number }[] = [];
  let at = PCI_CONFIG_SPACE_SIZE;
  while (at >= PCI_CONFIG_SPACE_SIZE && !headers.some((seen) => seen.at === at)) {
    const header = getLong(config, at);
    headers.push({ at, header });
    at = header >>> 20 & 0xffc;
  }
  const places = headers.map(({ at }) => at);
  return headers.map(({ at, header }) => ({
    id: header & 0xffff,
    version: header >>> 16 & 0xf,
    at,
    size: sizeAt(at, places, PCIE_CONFIG_SPACE_SIZE),
  }));
}

/** Whether the guest never sees it: VF BARs, the next function, what the kernel hides, sizes that cannot change. */
function isHidden(
  device: QemuPciDevice,
  { id, at }: { id: number; at: number },
  { showsRebar }: QemuSetting,
): boolean {
  if ([0, PCI_EXT_CAP_ID_SRIOV, PCI_EXT_CAP_ID_ARI].includes(id)) return true;
  if (id !== PCI_EXT_CAP_ID_REBAR) return false;
  return !showsRebar || !showCurrentSizes(device, at);
}

const PCI_REBAR_CAP = 4;
const PCI_REBAR_CTRL = 8;
const PCI_REBAR_CAP_SIZES = 0x00fffff0;

/** Shows only the current size of each resizable BAR. False if a size cannot be shown. */
function showCurrentSizes({ config }: QemuPciDevice, at: number): boolean {
  const count = getLong(config, at + PCI_REBAR_CTRL) >>> 5 & 7;
  for (let i = 0; i < count; i++) {
    const control = getLong(config, at + PCI_REBAR_CTRL + 8 * i);
    const size = control >>> 8 & 0x1f;
    const cap = size <= 27 ? 1 << size + 4 : 0;
    if ((cap & PCI_REBAR_CAP_SIZES) === 0) return false;
    setLong(config, at + PCI_REBAR_CAP + 8 * i, cap);
    setLong(config, at + PCI_REBAR_CTRL + 8 * i, control & 0x1fe7);
  }
  return true;
}
